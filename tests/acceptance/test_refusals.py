"""Every string with which a request is refused before anything is accepted, byte for byte, over HTTP."""

import time
from typing import Any

import pytest

from tests.acceptance.backend import Backend, text

_INLINE = text()
_CHANNELS = ("whatsapp", "telegram", "waba", "email")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "missing api token"),
        ("", "missing api token"),
        ("Bearer", "missing api token"),
        ("Basic abc", "missing api token"),
        ("Bearer unknown", "invalid api token"),
    ],
)
def test_authentication(backend: Backend, header: str | None, reason: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = backend.http.post("/v1/send", json={}, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"status": False, "reason": reason})


def _refused(backend: Backend, body: Any, status: int, reason: str) -> None:
    answer = backend.post(body)
    assert (answer.status_code, answer.json()) == (status, {"status": False, "reason": reason})


@pytest.mark.parametrize("raw", [b"", b"{", b"nonsense", b'{"keys": {"whatsapp": {"token": NaN}}}', b"\xff\xfe", b"[" * 20_000])
def test_a_body_that_is_not_json(backend: Backend, raw: bytes) -> None:
    answer = backend.http.post("/v1/send", content=raw, headers={"Authorization": f"Bearer {backend.token}"})
    assert (answer.status_code, answer.json()) == (400, {"status": False, "reason": "invalid JSON"})


def test_json_that_is_no_object(backend: Backend) -> None:
    _refused(backend, [], 400, "body must be an object")


@pytest.mark.parametrize("keys", [None, {}, {"sms": {"token": "x"}}])
def test_no_channels(backend: Backend, keys: Any) -> None:
    _refused(backend, {"keys": keys, "content": {"whatsapp": _INLINE}, "target": {}}, 400, "No channels configured")


@pytest.mark.parametrize("content", [None, {}, {"sms": _INLINE}])
def test_no_content(backend: Backend, content: Any) -> None:
    _refused(backend, {"keys": {"whatsapp": backend.key("whatsapp")}, "content": content}, 400, "content required")


def test_content_without_its_key(backend: Backend) -> None:
    body = {"keys": {"email": backend.key("email")}, "content": {"whatsapp": _INLINE}, "target": {}}
    _refused(backend, body, 400, "no sendable channels: content requires a matching key")


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (1735689600, "Invalid schedule: the time is in the past."),
        (0, "Invalid schedule: the time is in the past."),
        (-1, "Invalid schedule: the time is in the past."),
    ],
)
def test_schedule_in_the_past(backend: Backend, schedule: int, reason: str) -> None:
    body = {**backend.send({"whatsapp": 0}), "context": {"timing": {"schedule": schedule}}}
    _refused(backend, body, 400, reason)


@pytest.mark.parametrize(
    "schedule",
    ["tomorrow", True, 1.5, [], int(time.time()) + 400 * 86400, 10**30],
    ids=["a word", "a truth", "a fraction", "a list", "too far", "endless"],
)
def test_schedule_that_is_no_time(backend: Backend, schedule: Any) -> None:
    answer = backend.post({**backend.send({"whatsapp": 0}), "context": {"timing": {"schedule": schedule}}})
    assert answer.status_code == 400
    assert answer.json()["reason"].startswith("Invalid schedule: ")


@pytest.mark.parametrize("channel", _CHANNELS)
def test_a_key_of_another_account(backend: Backend, stranger: Backend, channel: str) -> None:
    body = backend.send({channel: 0})
    body["keys"][channel]["token"] = stranger.keys[channel]
    _refused(backend, body, 403, f"{channel} key does not belong to this account")


@pytest.mark.parametrize("channel", _CHANNELS)
def test_a_key_nobody_knows(backend: Backend, channel: str) -> None:
    body = backend.send({channel: 0})
    body["keys"][channel]["token"] = "nobody-knows"
    _refused(backend, body, 403, f"{channel} key does not belong to this account")


def test_a_key_of_another_channel(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0})
    body["keys"]["whatsapp"]["token"] = backend.keys["telegram"]
    _refused(backend, body, 403, "whatsapp key does not belong to this account")


def test_the_key_of_an_inactive_channel_is_checked_too(backend: Backend, stranger: Backend) -> None:
    body = {**backend.send({"whatsapp": 0, "email": 1}), "context": {"behaviour": {"channel": "whatsapp"}}}
    body["keys"]["email"]["token"] = stranger.keys["email"]
    _refused(backend, body, 403, "email key does not belong to this account")


@pytest.mark.parametrize(
    ("channel", "content", "reason"),
    [
        ("email", _INLINE, "email inline messages are not supported on /v1/send"),
        ("whatsapp", {}, "whatsapp content needs either template or message"),
        ("telegram", {"template": 1, **_INLINE}, "telegram content needs either template or message"),
        (
            "waba",
            {"message": {"type": "location", "richContext": {"location": {"lat": 1, "lng": 2}}}},
            "waba message type must be text, interactive, image, video, or document",
        ),
        (
            "whatsapp",
            {"message": {"type": "audio", "richContext": {"fileUrl": "https://a.example/x.mp3"}}},
            "whatsapp message type must be text, interactive, image, video, document, or location",
        ),
        (
            "telegram",
            {"message": {"type": "sticker"}},
            "telegram message type must be text, interactive, image, video, document, or location",
        ),
        ("whatsapp", {"template": "42"}, "content.whatsapp.template must be an integer"),
        ("whatsapp", {"message": "hello"}, "content.whatsapp.message must be an object"),
        ("whatsapp", {"message": {"type": "text", "message": 7}}, "content.whatsapp.message.message must be a string"),
    ],
)
def test_content(backend: Backend, channel: str, content: Any, reason: str) -> None:
    _refused(backend, backend.send({channel: 0}, {channel: content}), 400, reason)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("target", "email"), 7, "target.email must be a string"),
        (("target", "whatsapp"), 6281234567890, "target.whatsapp must be a string"),
        (("target", "variables", "name"), ["a"], "target.variables.name must be a string or a number"),
        (("target", "variables", "name"), {"a": 1}, "target.variables.name must be a string or a number"),
        (("target",), "someone", "target must be an object"),
        (("keys", "whatsapp"), "token", "keys.whatsapp must be an object"),
        (("keys", "whatsapp", "token"), 5, "keys.whatsapp.token must be a string"),
        (("keys", "whatsapp", "fallback"), "yes", "keys.whatsapp.fallback must be a boolean"),
        (("keys", "whatsapp", "fallback_sequence"), "1", "keys.whatsapp.fallback_sequence must be an integer"),
        (("content", "whatsapp"), [], "content.whatsapp must be an object"),
        (
            ("context", "behaviour", "channel"),
            "sms",
            "context.behaviour.channel must be one of all, whatsapp, telegram, waba, email",
        ),
    ],
)
def test_wrong_types_name_their_path(backend: Backend, path: tuple[str, ...], value: Any, reason: str) -> None:
    body = {**backend.send({"whatsapp": 0}), "context": {"behaviour": {}}}
    place = body
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    _refused(backend, body, 400, reason)


def test_a_body_that_is_too_large(backend: Backend) -> None:
    answer = backend.post(backend.send({"whatsapp": 0}, {"whatsapp": text("x" * 300 * 1024)}))
    assert answer.status_code == 413
    assert answer.json()["status"] is False


def test_unknown_fields_are_ignored(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0})
    body["surprise"] = {"a": 1}
    body["keys"]["whatsapp"]["colour"] = "blue"
    body["content"]["whatsapp"]["message"]["mood"] = None
    assert backend.post(body).json()["channels"]["whatsapp"]["status"] is True


def test_every_answer_has_a_request_id(backend: Backend) -> None:
    assert backend.post({}).headers["X-Request-Id"].startswith("req_")
