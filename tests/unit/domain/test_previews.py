"""A preview is what is sent, or says what is in the way."""

from typing import Any

import pytest

from shared.domain import content
from shared.domain.channels import Channel
from shared.domain.previews import Preview, preview, variables_of

_TEXT = {"type": "text", "message": "Hi {{name}}, {{order}} and {{name}} [[kept]]"}
_EMAIL = {"subject": "For {{name}}", "html": "<p>{{name}}</p>", "text": "{{order}}"}
_WABA = {"name": "ready", "language": "id", "components": [{"type": "BODY", "text": "Hi {{name}}"}]}
_BOTH = {"name": "A & B", "order": "7"}


@pytest.mark.parametrize(
    ("channel", "body", "rendered"),
    [
        (Channel.TELEGRAM, _TEXT, {"type": "text", "message": "Hi A & B, 7 and A & B [[kept]]", "richContext": {}}),
        (Channel.EMAIL, _EMAIL, {"subject": "For A & B", "html": "<p>A &amp; B</p>", "text": "7"}),
        (
            Channel.WABA,
            _WABA,
            {
                "name": "ready",
                "language": "id",
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "A & B", "parameter_name": "name"}]}],
            },
        ),
    ],
)
def test_it_shows_what_is_sent(channel: Channel, body: Any, rendered: Any) -> None:
    assert preview(content.parse_template(channel, body), _BOTH) == Preview(rendered=rendered)


@pytest.mark.parametrize(
    ("channel", "body", "needed"),
    [
        (Channel.TELEGRAM, _TEXT, ("name", "order")),
        (Channel.EMAIL, _EMAIL, ("name", "order")),
        (Channel.WABA, _WABA, ("name",)),
        (Channel.TELEGRAM, {"type": "text", "message": "Hi"}, ()),
    ],
)
def test_it_lists_what_is_missing_in_order(channel: Channel, body: Any, needed: tuple[str, ...]) -> None:
    parsed = content.parse_template(channel, body)
    assert variables_of(parsed) == needed
    assert preview(parsed, {"another": "1"}).missing == needed


def test_it_names_the_field_that_a_value_spoils() -> None:
    body = content.parse_template(Channel.TELEGRAM, {"type": "text", "message": "{{name}}"})
    assert preview(body, {"name": "a\0b"}) == Preview(invalid="message")
