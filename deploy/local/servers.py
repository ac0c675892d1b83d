"""Server programs: what is on PATH, or else what an installed wheel brought."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_VERSION = re.compile(r"(?P<product>\w+).*?(?:\) |v=)(?P<major>\d+)")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server program that was found."""

    binary: Path
    product: str
    """`postgres`, `redis` or `valkey`."""
    major: int

    def beside(self, name: str) -> Path:
        """Give the path of another program of the same installation."""
        return self.binary.with_name(name)


def on_path(name: str, needs: Sequence[str] = ()) -> Server | None:
    """Find a server on PATH, of an installation that has the other programs needed as well."""
    found = shutil.which(name)
    return inspect(Path(found).resolve(), needs) if found else None


def in_wheel(package: str, pattern: str, needs: Sequence[str] = ()) -> Server | None:
    """Find a server in an installed package without importing the package, by a pattern for its path in there."""
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or ()
    binaries = [binary for folder in folders for binary in Path(folder).glob(pattern)]
    return next(filter(None, (inspect(binary, needs) for binary in binaries)), None)


def inspect(binary: Path, needs: Sequence[str] = ()) -> Server | None:
    """Ask a program for its version; None when it does not run here or lacks what it needs beside it."""
    if not all(binary.with_name(name).exists() for name in needs):
        return None
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    version = parse_version(said)
    return version and Server(binary=binary, product=version[0], major=version[1])


def parse_version(text: str) -> tuple[str, int] | None:
    """Read product and major version from what `postgres --version` or `redis-server --version` prints."""
    match = _VERSION.match(text)
    return (match["product"].lower(), int(match["major"])) if match else None
