"""The demonstration: an account made at the first start, and a first send that falls back.

``demo.json`` tells scripts how to talk to the stack. It holds tokens in plain text and is readable by its owner alone.
"""

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any, Final

import click
import httpx

from deploy.local import child, errors, ports, processes
from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack

UNREACHABLE: Final = "6281200000404"
"""A number without WhatsApp, as far as the sandbox knows: sends to it fall back."""

_MADE: Final = frozenset({"key_ids", "webhook_secrets"})
"""What an earlier version's accounts lack."""
_SECONDS: Final = 60
_UNAUTHORIZED: Final = 401

Document = dict[str, Any]


def ensure(stack: Stack) -> Document:
    """Make the demonstration's accounts unless this stack still knows them, and write down how to reach everything."""
    document = _known(stack) or _make(stack)
    document |= _addresses(stack)
    _write(stack.home.demo, document)
    _write(stack.home.receivers, _receivers(stack, document))
    return document


def first_send(stack: Stack) -> None:
    """Send a message whose first channel fails and whose fallback delivers; print the curl for it and its answer."""
    document: Document = json.loads(stack.home.demo.read_text())
    _make_unreachable(stack)
    body = _body(document)
    answer = httpx.post(
        f"{stack.base_url}/v1/send", json=body, headers={"Authorization": f"Bearer {document['token']}"}, timeout=_SECONDS
    )
    click.echo(f"\nA first send, to a number without WhatsApp:\n\n{_curl(stack, document, body)}\n")
    click.echo(f"HTTP {answer.status_code}\n{json.dumps(answer.json(), indent=2)}")


def _known(stack: Stack) -> Document | None:
    """Give what an earlier start wrote down, if its keys still lead to this sandbox and this database knows its token."""
    if not stack.home.demo.exists():
        return None
    document: Document = json.loads(stack.home.demo.read_text())
    if not document.keys() >= _MADE or any(document.get(name) != address for name, address in _sandbox(stack).items()):
        return None
    headers = {"Authorization": f"Bearer {document['token']}"}
    answer = httpx.get(f"{stack.base_url}/v1/sends?limit=1", headers=headers, timeout=_SECONDS)
    return None if answer.status_code == _UNAUTHORIZED else document


def _make(stack: Stack) -> Document:
    command = processes.python("deploy.local.demo_accounts", stack.sandbox_url, ports.HOST, str(stack.ports["smtp"]))
    variables = child.environment(stack.home, "demo", stack.environment())
    done = subprocess.run(command, cwd=child.ROOT, env=variables, capture_output=True, text=True, check=False)  # noqa: S603 - our own module.
    if done.returncode != 0:
        raise errors.StepFailed(f"the demo account could not be made:\n{done.stderr}".rstrip())
    document: Document = json.loads(done.stdout)
    return document


def _sandbox(stack: Stack) -> Document:
    return {"sandbox_url": stack.sandbox_url, "smtp": {"host": ports.HOST, "port": stack.ports["smtp"]}}


def _addresses(stack: Stack) -> Document:
    return {
        "base_url": stack.base_url,
        **_sandbox(stack),
        "flower_url": stack.flower_url,
        "metrics_url": stack.metrics_url,
        "waba": {
            "phone_number_id": sandbox.waba(stack.sandbox_url)["phone_number_id"],
            "number": sandbox.OWN_NUMBER,
            "app_secret": sandbox.APP_SECRET,
            "verify_token": sandbox.VERIFY_TOKEN,
        },
    }


def _receivers(stack: Stack, document: Document) -> Document:
    """List where the webhooks for each sender go: every account has the senders of its place."""
    accounts = enumerate((document, document["second_account"]), start=1)
    return {
        f"{path}/{sender}": f"{stack.base_url}/v1/receipts/{channel}/{account['key_ids'][channel]}"
        for number, account in accounts
        for channel, path, sender in _senders(number)
    }


def _senders(number: int) -> list[tuple[str, str, str]]:
    """Give the senders of an account that have webhooks: the channel, and the sandbox's names of the provider and the sender."""
    return [
        ("waba", "waba", sandbox.waba("", number)["phone_number_id"]),
        ("whatsapp", "waha", sandbox.waha("", number)["session"]),
        ("telegram", "telegram", sandbox.bot_id(number)),
    ]


def _write(path: Path, document: Document) -> None:
    """Write the file whole or not at all."""
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file, indent=2)
    new.replace(path)


def _make_unreachable(stack: Stack) -> None:
    fault = {"channel": "whatsapp", "to": UNREACHABLE, "kind": "recipient"}
    httpx.post(f"{stack.sandbox_url}/_sandbox/faults", json=fault, timeout=_SECONDS).raise_for_status()


def _body(document: Document) -> Document:
    return {
        "keys": {
            "whatsapp": {"token": document["keys"]["whatsapp"]},
            "email": {"token": document["keys"]["email"], "fallback": True, "fallback_sequence": 1},
        },
        "content": {
            "whatsapp": {"message": {"type": "text", "message": "Hi {{name}}, your order {{order_id}} is ready."}},
            "email": {"template": document["templates"]["email"]},
        },
        "target": {
            "whatsapp": UNREACHABLE,
            "email": "alex@customer.example",
            "variables": {"name": "Alex", "order_id": "A-1001"},
        },
    }


def _curl(stack: Stack, document: Document, body: Document) -> str:
    return (
        f"curl -X POST {stack.base_url}/v1/send \\\n"
        f"  -H 'Authorization: Bearer {document['token']}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(json.dumps(body))}"
    )
