"""Every reason for which a whole request is refused, byte for byte, and which of several comes first."""

import json
from datetime import timedelta
from typing import Any

import pytest

from api.dialects.kirisan import schema
from api.dialects.kirisan.errors import Rejection
from tests.unit.kirisan.samples import NOW, TEXT, inline, reason, request

LONG = 10**300
SECONDS = int(NOW.timestamp())
PHONE_TYPES = "must be text, interactive, image, video, document, or location"


def with_key(**fields: Any) -> dict[str, Any]:
    return request(keys={"whatsapp": {"token": "t", **fields}})


def with_content(**content: Any) -> dict[str, Any]:
    return request(content=content)


def with_rich(kind: str, **rich: Any) -> dict[str, Any]:
    return inline({"type": kind, "message": "m", "richContext": rich})


def with_timing(**timing: Any) -> dict[str, Any]:
    return request(context={"timing": timing})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b'{"a": 1,}',
        b"{} {}",
        b"\xff",
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00\\ud800"}',
        b'{"\\ud800": 1, "\\ud800": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\x00"}',
        b'{"a": "\n"}',
        b"[" * 10_000,
        b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"a": ' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a": ' + b"1" * 5_000 + b"}",
    ],
)
def test_invalid_json(body: bytes) -> None:
    assert reason(body) == "invalid JSON"


@pytest.mark.parametrize("body", [[], [{}], None, True, 5, "text", 1.5, LONG])
def test_a_body_must_be_an_object(body: Any) -> None:
    assert reason(body) == "body must be an object"


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 1}', b'{"x": [{"b": 1, "a": {}, "a": null}]}'])
def test_no_name_is_given_twice(body: bytes) -> None:
    assert reason(body) == "duplicate key: a"


@pytest.mark.parametrize("keys", [None, {}, {"sms": {"token": "t"}}, {"whatsapp": None}])
def test_no_channels_configured(keys: Any) -> None:
    assert reason(request(keys=keys)) == "No channels configured"


def test_no_channels_configured_without_keys() -> None:
    assert reason({}) == "No channels configured"


@pytest.mark.parametrize("content", [None, {}, {"sms": {"template": 1}}, {"whatsapp": None}])
def test_content_required(content: Any) -> None:
    assert reason(request(content=content)) == "content required"


def test_content_required_without_content() -> None:
    assert reason({"keys": {"whatsapp": {"token": "t"}}}) == "content required"


@pytest.mark.parametrize(
    "body",
    [
        request(keys={"email": {"token": "t"}}),
        request("whatsapp", "email", keys={"whatsapp": {"token": "t"}}, context={"behaviour": {"channel": "email"}}),
        request(context={"behaviour": {"channel": "waba"}}),
    ],
)
def test_no_sendable_channels(body: Any) -> None:
    assert reason(body) == "no sendable channels: content requires a matching key"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (request(keys=[]), "keys must be an object"),
        (request(keys="t"), "keys must be an object"),
        (request(keys={"whatsapp": "t"}), "keys.whatsapp must be an object"),
        (request(keys={"whatsapp": {}}), "keys.whatsapp.token is required"),
        (with_key(token=None), "keys.whatsapp.token is required"),
        (with_key(token=""), "keys.whatsapp.token is required"),
        (with_key(token=5), "keys.whatsapp.token must be a string"),
        (with_key(token="a\0"), "keys.whatsapp.token must not contain the NUL character"),
        (with_key(fallback="true"), "keys.whatsapp.fallback must be a boolean"),
        (with_key(fallback=1), "keys.whatsapp.fallback must be a boolean"),
        (with_key(fallback_sequence="1"), "keys.whatsapp.fallback_sequence must be an integer"),
        (with_key(fallback_sequence=1.0), "keys.whatsapp.fallback_sequence must be an integer"),
        (with_key(fallback_sequence=True), "keys.whatsapp.fallback_sequence must be an integer"),
        (with_key(fallback_sequence=-1), "keys.whatsapp.fallback_sequence must be at least 0"),
        (request(content=[]), "content must be an object"),
        (with_content(whatsapp=[]), "content.whatsapp must be an object"),
        (with_content(whatsapp={"template": "42"}), "content.whatsapp.template must be an integer"),
        (with_content(whatsapp={"template": 42.0}), "content.whatsapp.template must be an integer"),
        (with_content(whatsapp={"template": True}), "content.whatsapp.template must be an integer"),
        (with_content(whatsapp={"template": LONG}), "content.whatsapp.template must be a 64-bit integer"),
        (with_content(whatsapp={"template": -(1 << 63) - 1}), "content.whatsapp.template must be a 64-bit integer"),
        (request(target=[]), "target must be an object"),
        (request(target={"email": 5}), "target.email must be a string"),
        (request(target={"telegram": 123456789}), "target.telegram must be a string"),
        (request(target={"whatsapp": "6\0"}), "target.whatsapp must not contain the NUL character"),
        (request(target={"variables": []}), "target.variables must be an object"),
        (request(target={"variables": {"paid": True}}), "target.variables.paid must be a string or a number"),
        (request(target={"variables": {"a b": {}}}), "target.variables.a b must be a string or a number"),
        (request(target={"variables": {"[key]": []}}), "target.variables.[key] must be a string or a number"),
        (request(target={"variables": {"a": "\0"}}), "target.variables.a must not contain the NUL character"),
        (request(target={"variables": {"a\0b": "x"}}), "target.variables.a\0b must not contain the NUL character"),
        (request(context=[]), "context must be an object"),
        (request(context={"timing": 5}), "context.timing must be an object"),
        (request(context={"behaviour": "all"}), "context.behaviour must be an object"),
        (request(context={"behaviour": {"channel": 5}}), "context.behaviour.channel must be a string"),
    ],
)
def test_types(body: Any, expected: str) -> None:
    assert reason(body) == expected


@pytest.mark.parametrize("literal", ["1e999", "-1e999"])
def test_a_variable_must_be_finite(literal: str) -> None:
    body = json.dumps(request(target={"variables": {"a": "REPLACED"}})).replace('"REPLACED"', literal)
    assert reason(body.encode()) == "target.variables.a must be a finite number"


@pytest.mark.parametrize("literal", ["1e999", "-1e999"])
def test_a_coordinate_must_be_finite(literal: str) -> None:
    body = json.dumps(with_rich("location", location={"lat": 0, "lng": "REPLACED"})).replace('"REPLACED"', literal)
    assert reason(body.encode()) == "content.whatsapp.message.richContext.location.lng must be a finite number"


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ({"until": "delivered"}, "context.behaviour.within is required"),
        ({"until": "read", "within": None}, "context.behaviour.within is required"),
        ({"within": 5}, "context.behaviour.until is required"),
        ({"until": "", "within": 5}, "context.behaviour.until must be one of sent, delivered, read"),
        ({"until": "Read", "within": 5}, "context.behaviour.until must be one of sent, delivered, read"),
        ({"until": 5}, "context.behaviour.until must be a string"),
        ({"until": "read", "within": 0}, "context.behaviour.within must be at least 1"),
        ({"until": "read", "within": 604_801}, "context.behaviour.within must be at most 604800"),
        ({"until": "read", "within": 2.5}, "context.behaviour.within must be an integer"),
        ({"until": "read", "within": "5"}, "context.behaviour.within must be an integer"),
    ],
)
def test_behaviour_until(behaviour: dict[str, Any], said: str) -> None:
    assert reason(request(context={"behaviour": behaviour})) == said


@pytest.mark.parametrize("channel", ["", "sms", "ALL", "whatsapp,email"])
def test_behaviour_channel(channel: str) -> None:
    body = request(context={"behaviour": {"channel": channel}})
    assert reason(body) == "context.behaviour.channel must be one of all, whatsapp, telegram, waba, email"


@pytest.mark.parametrize("schedule", [SECONDS, SECONDS - 1, 0, -1, -LONG])
def test_a_schedule_in_the_past(schedule: int) -> None:
    assert reason(with_timing(schedule=schedule)) == "Invalid schedule: the time is in the past."


@pytest.mark.parametrize("schedule", [SECONDS + 366 * 86_400 + 1, 1 << 63, LONG])
def test_a_schedule_too_far_ahead(schedule: int) -> None:
    assert reason(with_timing(schedule=schedule)) == "Invalid schedule: the time is more than 366 days ahead."


@pytest.mark.parametrize("schedule", [True, False, 1735689600.0, "1735689600", "", [], {}])
def test_a_schedule_of_a_wrong_type(schedule: Any) -> None:
    assert reason(with_timing(schedule=schedule)) == "Invalid schedule: the time must be an integer of unix seconds."


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        ({"expires_at": "soon"}, "Invalid expires_at: the time must be an integer of unix seconds."),
        ({"expires_at": True}, "Invalid expires_at: the time must be an integer of unix seconds."),
        ({"expires_at": SECONDS}, "Invalid expires_at: the time is not after the send is due."),
        ({"schedule": SECONDS + 9, "expires_at": SECONDS + 9}, "Invalid expires_at: the time is not after the send is due."),
        ({"expires_at": LONG}, "Invalid expires_at: the time is more than 366 days after the send is due."),
    ],
)
def test_expires_at(timing: dict[str, Any], expected: str) -> None:
    assert reason(with_timing(**timing)) == expected


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "waba", "email"])
@pytest.mark.parametrize("content", [{}, {"template": 1, "message": TEXT}, {"template": 1, "message": {}}])
def test_either_template_or_message(channel: str, content: Any) -> None:
    assert reason(request(channel, content={channel: content})) == f"{channel} content needs either template or message"


@pytest.mark.parametrize("message", [TEXT, {}, {"type": "carrier pigeon"}])
def test_email_takes_no_inline_message(message: Any) -> None:
    assert reason(inline(message, "email")) == "email inline messages are not supported on /v1/send"


@pytest.mark.parametrize(
    ("channel", "kind", "expected"),
    [
        ("waba", "location", "waba message type must be text, interactive, image, video, or document"),
        ("waba", "audio", "waba message type must be text, interactive, image, video, or document"),
        ("waba", "", "waba message type must be text, interactive, image, video, or document"),
        ("whatsapp", "audio", f"whatsapp message type {PHONE_TYPES}"),
        ("whatsapp", "Text", f"whatsapp message type {PHONE_TYPES}"),
        ("whatsapp", None, f"whatsapp message type {PHONE_TYPES}"),
        ("telegram", "audio", f"telegram message type {PHONE_TYPES}"),
        ("telegram", "sticker", f"telegram message type {PHONE_TYPES}"),
    ],
)
def test_message_types(channel: str, kind: Any, expected: str) -> None:
    assert reason(inline({"type": kind, "message": "m"}, channel)) == expected
    assert reason(inline({"type": kind, "richContext": {"location": {}}}, channel)) == expected


def test_a_message_without_a_type() -> None:
    assert reason(inline({"message": "m"})) == f"whatsapp message type {PHONE_TYPES}"
    assert reason(inline({})) == f"whatsapp message type {PHONE_TYPES}"


@pytest.mark.parametrize("kind", ["image", "video", "document"])
@pytest.mark.parametrize("rich", [None, {}, {"fileUrl": "", "fileId": None}, {"fileName": "a"}])
def test_media_need_a_file(kind: str, rich: Any) -> None:
    expected = f"waba {kind} message needs richContext.fileUrl or richContext.fileId"
    assert reason(inline({"type": kind, "richContext": rich}, "waba")) == expected


@pytest.mark.parametrize("message", [{"type": "text"}, {"type": "text", "message": None}, {"type": "text", "message": " \n"}])
def test_text_needs_a_message(message: Any) -> None:
    assert reason(inline(message)) == "whatsapp text message needs message"


def test_location_needs_a_location() -> None:
    assert reason(with_rich("location", location=None)) == "whatsapp location message needs richContext.location"


@pytest.mark.parametrize("rich", [{}, {"buttons": []}, {"buttons": [[], []]}])
def test_interactive_needs_options(rich: Any) -> None:
    expected = "telegram interactive message needs richContext.buttons or richContext.listMessage"
    assert reason(inline({"type": "interactive", "message": "m", "richContext": rich}, "telegram")) == expected


@pytest.mark.parametrize(
    "url",
    [
        "receipt.jpg",
        "ftp://example.com/a",
        "https://",
        "https:///a",
        "http://a b/",
        "http://a/\n",
        "http://a\x7fb/",
        "//example.com/a",
        "http://[",
        "{{name}}",
    ],
)
def test_a_file_url_is_of_the_web(url: str) -> None:
    body = with_rich("image", fileUrl=url)
    body["target"]["variables"] = {"name": "Alex"}
    assert reason(body) == "content.whatsapp.message.richContext.fileUrl must be an http or https URL"


@pytest.mark.parametrize(
    ("rich", "expected"),
    [
        ([], "must be an object"),
        ({"fileUrl": 5}, ".fileUrl must be a string"),
        ({"fileId": 5}, ".fileId must be a string"),
        ({"footer": "\0"}, ".footer must not contain the NUL character"),
        ({"location": []}, ".location must be an object"),
        ({"location": {"lat": 1}}, ".location.lng is required"),
        ({"location": {"lat": None, "lng": 1}}, ".location.lat is required"),
        ({"location": {"lat": "1.5", "lng": 1}}, ".location.lat must be a number"),
        ({"location": {"lat": True, "lng": 1}}, ".location.lat must be a number"),
        ({"location": {"lat": 90.1, "lng": 1}}, ".location.lat must be at most 90"),
        ({"location": {"lat": 1, "lng": -181}}, ".location.lng must be at least -180"),
        ({"location": {"lat": LONG, "lng": 1}}, ".location.lat must be at most 90"),
        ({"buttons": {}}, ".buttons must be an array"),
        ({"buttons": [5]}, ".buttons.0 must be an array"),
        ({"buttons": [None]}, ".buttons.0 must be an array"),
        ({"buttons": [[None]]}, ".buttons.0.0 must be an object"),
        ({"buttons": [[{"text": "a"}, {"text": 5}]]}, ".buttons.0.1.text must be a string"),
        ({"buttons": [[{"text": "a"}, {}]]}, ".buttons.0.1.text is required"),
        ({"buttons": [{"id": "a"}]}, ".buttons.0.0.text is required"),
        ({"listMessage": []}, ".listMessage must be an object"),
        ({"listMessage": {"button": "b"}}, ".listMessage.sections is required"),
        ({"listMessage": {"button": "b", "sections": []}}, ".listMessage.sections must not be empty"),
        ({"listMessage": {"button": "b", "sections": [{"rows": {}}]}}, ".listMessage.sections.0.rows must be an array"),
        (
            {"listMessage": {"button": "b", "sections": [{"rows": [{"id": "1"}]}]}},
            ".listMessage.sections.0.rows.0.title is required",
        ),
    ],
)
def test_rich_context(rich: Any, expected: str) -> None:
    separator = "" if expected.startswith(".") else " "
    body = inline({"type": "interactive", "message": "m", "richContext": rich})
    assert reason(body) == f"content.whatsapp.message.richContext{separator}{expected}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Hi", "content.whatsapp.message must be an object"),
        ({"type": 5}, "content.whatsapp.message.type must be a string"),
        ({"type": "text", "message": 5}, "content.whatsapp.message.message must be a string"),
        ({"type": "text", "message": "a\0"}, "content.whatsapp.message.message must not contain the NUL character"),
    ],
)
def test_messages(message: Any, expected: str) -> None:
    assert reason(inline(message)) == expected


def test_wrong_types_are_refused_on_inactive_channels_too() -> None:
    body = request(target={"whatsapp": "1", "email": []})
    body["content"]["waba"] = {"message": {"type": "text", "message": 5}}
    assert reason(body) == "content.waba.message.message must be a string"
    del body["content"]["waba"]
    assert reason(body) == "target.email must be a string"


def test_which_reason_comes_first() -> None:
    """Each repair uncovers the next reason, in the order the checks are documented in."""
    body: dict[str, Any] = {
        "target": {"email": 5},
        "context": {"behaviour": {"channel": "sms"}, "timing": {"schedule": 0, "expires_at": 0}},
    }
    assert reason(body) == "target.email must be a string"
    body["target"] = {}
    assert reason(body) == "No channels configured"
    body["keys"] = {"email": {"token": "t"}}
    assert reason(body) == "content required"
    body["content"] = {"whatsapp": {}}
    assert reason(body).startswith("context.behaviour.channel must be one of")
    body["context"]["behaviour"] = {"channel": "whatsapp"}
    assert reason(body) == "Invalid schedule: the time is in the past."
    body["context"]["timing"]["schedule"] = SECONDS + 60
    assert reason(body) == "Invalid expires_at: the time is not after the send is due."
    del body["context"]["timing"]
    assert reason(body) == "no sendable channels: content requires a matching key"
    body["keys"]["whatsapp"] = {"token": "t"}
    assert reason(body) == "whatsapp content needs either template or message"


def test_channels_are_judged_in_the_order_of_the_keys() -> None:
    body = request("email", "waba", content={"waba": {}, "email": {"message": TEXT}})
    assert reason(body) == "email inline messages are not supported on /v1/send"


def test_a_wrong_type_comes_before_a_wrong_value() -> None:
    body = inline({"type": "interactive", "richContext": {"buttons": [[{}, {"text": 5}]]}})
    assert reason(body) == "content.whatsapp.message.richContext.buttons.0.1.text must be a string"


def test_a_wrong_type_anywhere_comes_before_a_wrong_value_anywhere() -> None:
    body = with_key(fallback_sequence=-1)
    body["target"]["email"] = 5
    assert reason(body) == "target.email must be a string"


def test_the_borders_of_a_schedule_are_exact() -> None:
    now = NOW.replace(microsecond=0)

    def at(schedule: int) -> bytes:
        return json.dumps(with_timing(schedule=schedule)).encode()

    assert schema.parse(at(SECONDS + 366 * 86_400), now).schedule == now + timedelta(days=366)
    with pytest.raises(Rejection, match="in the past"):
        schema.parse(at(SECONDS), now)
