"""The signature is what others reckon too."""

import hashlib
import hmac
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests import signature
from worker.webhooks import signing

_README = Path(__file__).resolve().parents[3] / "README.md"
_BODY = '{"id": "evt_1", "text": "Halo \\u00e9 \U0001f600"}'.encode()
_SECRETS = ["whsec_first", "whsec_second"]


def test_the_header_has_the_time_and_one_digest_for_each_secret() -> None:
    header = signing.sign(_SECRETS, 1_795_000_000, _BODY)
    assert re.fullmatch(r"t=1795000000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}", header)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reckons_the_same(tmp_path: Path) -> None:
    (tmp_path / "signed").write_bytes(b"1795000000." + _BODY)
    command = ["openssl", "dgst", "-sha256", "-hmac", "whsec_first", "-r", str(tmp_path / "signed")]
    digest = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]  # noqa: S603 - a fixed command.
    assert signing.sign(["whsec_first"], 1_795_000_000, _BODY) == f"t=1795000000,v1={digest}"


@pytest.mark.parametrize("secret", _SECRETS)
def test_a_customer_finds_it_valid_with_either_secret(secret: str) -> None:
    headers = {"X-Kirim-Signature": signing.sign(_SECRETS, 1_795_000_000, _BODY)}
    assert signature.is_valid(secret, headers, _BODY, 1_795_000_000 + 300)
    assert not signature.is_valid(secret, headers, _BODY, 1_795_000_000 + 301)
    assert not signature.is_valid(secret, headers, _BODY + b" ", 1_795_000_000)
    assert not signature.is_valid("whsec_third", headers, _BODY, 1_795_000_000)


def test_the_recipe_of_the_readme_works(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = _README.read_text().split("```python\ndef is_valid", 1)[1].split("```", 1)[0]
    names: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib, "time": time}
    exec(f"def is_valid{recipe}", names)  # noqa: S102 - our own words.
    is_valid = names["is_valid"]
    monkeypatch.setattr(time, "time", lambda: 1_795_000_100.0)
    header = signing.sign(_SECRETS, 1_795_000_000, _BODY)
    assert [is_valid(each, header, _BODY) for each in (*_SECRETS, "whsec_third")] == [True, True, False]
    assert not is_valid("whsec_first", header, _BODY + b" ")
    assert not is_valid("whsec_first", signing.sign(_SECRETS, 1_794_999_000, _BODY), _BODY)
