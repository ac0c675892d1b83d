"""The passwords and keys of a local stack, made at its first start and kept beside its data."""

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local import files
from shared import vault


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What the processes of one stack know each other by."""

    postgres_password: str
    flower_password: str
    secret_keys: str
    """`kid:base64`, the key that encrypts the channel credentials in the database."""


def settle(path: Path) -> Credentials:
    """Give the credentials written down, making those that are missing."""
    known = files.read(path)
    credentials = Credentials(**{name: known.get(name) or made for name, made in asdict(_generate()).items()})
    if asdict(credentials) != known:
        files.write(path, asdict(credentials))
    return credentials


def _generate() -> Credentials:
    return Credentials(
        postgres_password=secrets.token_urlsafe(24),
        flower_password=secrets.token_urlsafe(18),
        secret_keys=vault.new_key("local"),
    )
