"""What the rooms of management say of a wrong body, and of what is measured."""

import pytest

from api import native
from api.campaigns import render
from api.contacts.models import NewContact
from api.errors import InvalidRequest
from api.keys.models import KeyChanges
from api.templates.models import NewTemplate
from shared.management.campaigns.progress import Progress


@pytest.mark.parametrize(
    ("model", "body", "code", "said"),
    [
        (KeyChanges, b'{"quota": 1}', "invalid_field_value", "quota is not known"),
        (KeyChanges, b'{"rate_per_second": "1"}', "invalid_field_value", "rate_per_second must be a number"),
        (NewTemplate, b'{"name": "x", "body": {}, "submit": 1}', "invalid_field_value", "submit must be a boolean"),
        (NewContact, b'{"address": "1"}', "missing_required_field", "channel is required"),
        (
            NewContact,
            b'{"channel": "sms", "address": "1"}',
            "invalid_field_value",
            "channel must be 'whatsapp', 'waba', 'telegram' or 'email'",
        ),
    ],
)
def test_a_wrong_body_is_refused_in_words_of_ours(model: type[native.Asked], body: bytes, code: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        native.parse(model, body)
    assert (caught.value.code, caught.value.message, caught.value.param) == (code, said, said.partition(" ")[0])


def test_rates_are_told_as_exactly_as_they_are_measured() -> None:
    nothing = dict.fromkeys(("deferred", "in_flight", "failed", "unknown", "cancelled", "expired"), 0)
    counted = Progress(recipients=3, pending=2, sent=1, by_code={}, per_second=1 / 3, seconds_left=None, **nothing)
    told = render.progress(counted)
    assert (told["per_second"], told["seconds_left"], told["sent"]) == (0.333, None, 1)
