"""Who has sent a webhook: what each provider proves itself by."""

import pytest
from werkzeug.datastructures import Headers

from api.receipts.senders import PROOFS, Sender
from shared import ids
from shared.db.tables.inbox import PROVIDERS
from worker.receipts import reading

_SHA256 = "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914"
"""Of the body ``test`` by the secret ``secret``, as published for Meta's webhooks."""
_SHA512 = (
    "f8a4f0a209167bc192a1bffaa01ecdb09e06c57f96530d92ec9ccea0090d290e"
    "55071306d6b654f26ae0c8721f7e48a2d7130b881151f2cec8d61d941a6be88a"
)
"""The same, as ``openssl dgst -sha512 -hmac`` gives it."""

GENUINE = {
    "waba": ("X-Hub-Signature-256", f"sha256={_SHA256}"),
    "gowa": ("X-Hub-Signature-256", f"sha256={_SHA256}"),
    "waha": ("X-Webhook-Hmac", _SHA512),
    "telegram": ("X-Telegram-Bot-Api-Secret-Token", "secret"),
}


def sender(provider: str, secret: str | None = "secret") -> Sender:  # noqa: S107 - the published vector's.
    field = PROOFS[provider].secret if provider in PROOFS else "webhook_secret"
    return Sender(key_id=ids.new(), provider=provider, held={} if secret is None else {field: secret})


def test_everyone_who_is_heard_proves_itself_and_is_understood() -> None:
    assert set(GENUINE) == set(PROOFS) == set(PROVIDERS) == set(reading.READERS)


@pytest.mark.parametrize("provider", GENUINE)
def test_what_a_provider_shows_is_known(provider: str) -> None:
    assert sender(provider).has_sent(b"test", Headers([GENUINE[provider]]))


@pytest.mark.parametrize("provider", GENUINE)
@pytest.mark.parametrize("changed", ["", "x", "sha256=", "\xe9", "\N{SNOWMAN}"])
def test_what_another_shows_is_not(provider: str, changed: str) -> None:
    name, shown = GENUINE[provider]
    assert not sender(provider).has_sent(b"test", Headers([(name, changed)]))
    assert not sender(provider).has_sent(b"test", Headers([(name, shown[:-1])]))
    assert not sender(provider).has_sent(b"test", Headers([("X-Other", shown)]))
    assert not sender(provider, "other").has_sent(b"test", Headers([(name, shown)]))


@pytest.mark.parametrize("provider", ["waba", "gowa", "waha"])
def test_a_signature_is_that_of_the_whole_body(provider: str) -> None:
    assert not sender(provider).has_sent(b"test ", Headers([GENUINE[provider]]))


@pytest.mark.parametrize("provider", [*GENUINE, "fonnte", "None"])
@pytest.mark.parametrize("secret", [None, ""])
def test_who_shares_no_secret_is_not_heard(provider: str, secret: str | None) -> None:
    shown = [GENUINE[provider]] if provider in GENUINE else list(GENUINE.values())
    empty = [("X-Telegram-Bot-Api-Secret-Token", "")]
    assert not sender(provider, secret).has_sent(b"test", Headers(shown))
    assert not sender(provider, secret).has_sent(b"test", Headers(empty))
