"""What an earlier start of the stack wrote down of its demonstration."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy.local import demo
from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack

_KEPT = {
    "sandbox_url": "http://127.0.0.1:2",
    "smtp": {"host": "127.0.0.1", "port": 3},
    "token": "antar_x",
    "key_ids": {"waba": "key_1", "whatsapp": "key_2", "telegram": "key_3"},
    "webhook_secrets": {"whatsapp": "a", "telegram": "b"},
}


def stack(home: Path) -> Stack:
    """Give the little of a stack that is asked for; its api is nowhere, so that asking it fails."""
    places = SimpleNamespace(demo=home / "demo.json")
    stub = SimpleNamespace(home=places, base_url="http://127.0.0.1:1", sandbox_url=_KEPT["sandbox_url"], ports={"smtp": 3})
    return cast("Stack", stub)


@pytest.mark.parametrize("lacking", ["key_ids", "webhook_secrets", "sandbox_url", "smtp"])
def test_accounts_of_an_earlier_version_or_another_sandbox_are_made_anew(tmp_path: Path, lacking: str) -> None:
    kept = {name: value for name, value in _KEPT.items() if name != lacking}
    (tmp_path / "demo.json").write_text(json.dumps(kept))
    assert demo._known(stack(tmp_path)) is None


def test_every_sender_of_every_account_has_its_address() -> None:
    second: dict[str, Any] = {"key_ids": {"waba": "key_4", "whatsapp": "key_5", "telegram": "key_6"}}
    found = demo._receivers(stack(Path()), {**_KEPT, "second_account": second})
    base = "http://127.0.0.1:1/v1/receipts"
    assert found == {
        f"waba/{sandbox.waba('')['phone_number_id']}": f"{base}/waba/key_1",
        "waha/default": f"{base}/whatsapp/key_2",
        "telegram/7000000001": f"{base}/telegram/key_3",
        f"waba/{sandbox.waba('', 2)['phone_number_id']}": f"{base}/waba/key_4",
        "waha/sandbox-2": f"{base}/whatsapp/key_5",
        "telegram/7000000002": f"{base}/telegram/key_6",
    }
