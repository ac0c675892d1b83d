"""From bodies to what is to be sent: the shapes, the spellings of numbers, and whatever else JSON can hold."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dialects.kanal import schema
from api.dialects.kanal.errors import Refusal
from shared.domain.content import CloudMessage, parse_inline
from tests.unit.kanal.samples import encoded, message, refusal, template

LINK = "https://example.com/photo.jpg"


def file(kind: str, **fields: Any) -> dict[str, Any]:
    return {"to": "33612345678", "type": kind, kind: {"link": LINK, **fields}}


@pytest.mark.parametrize(
    ("body", "kind", "cloud"),
    [
        ({"to": "33612345678", "type": "text", "text": {"body": " Hello "}}, "text", {"body": " Hello "}),
        (file("image"), "image", {"link": LINK}),
        (file("image", caption="Look"), "image", {"link": LINK, "caption": "Look"}),
        (file("video", caption=""), "video", {"link": LINK}),
        (file("video", caption=None), "video", {"link": LINK}),
        (file("audio", caption="Hear"), "audio", {"link": LINK}),
        (file("document", caption=5, filename="a.pdf"), "document", {"link": LINK}),
    ],
)
def test_a_message_is_in_metas_shape(body: Any, kind: str, cloud: dict[str, Any]) -> None:
    read = message(body)
    assert read.content == CloudMessage.model_validate({"kind": kind, "cloud": cloud})
    [delivery] = schema.plan_of_message(UUID(int=7), read).deliveries
    assert delivery.content is not None
    assert parse_inline(delivery.content) == read.content
    assert (delivery.target, delivery.template_id) == ("33612345678", None)


@pytest.mark.parametrize("caption", [5, True, ["x"], "a\0b"])
def test_a_caption_that_is_none(caption: Any) -> None:
    assert refusal(message, file("image", caption=caption)) == "image.caption must be a valid string"
    assert refusal(message, {**file("image", caption=caption), "to": None}) == "image.caption must be a valid string"


@pytest.mark.parametrize(
    "link", [None, "", 5, "photo.jpg", "ftp://x.example/a", "https://", "https://x .example/a", "data:image/png;base64,x", "a\0b"]
)
def test_a_link_that_is_none(link: Any) -> None:
    assert refusal(message, file("image", link=link)) == "image.link is required for type image"


@pytest.mark.parametrize("to", ["33612345678", "+33 6 12 34 56 78", "(33) 612-345-678", "33(0)612345678", "tel:+33.612.345.678"])
def test_only_the_digits_of_a_number_count(to: str) -> None:
    assert message({"to": to, "type": "text", "text": {"body": "x"}}).address == "33612345678"


@pytest.mark.parametrize("to", ["x", "+", "١٢٣", "0612345678", "336", "9" * 40])
def test_a_number_that_is_not_possible(to: str) -> None:
    assert refusal(message, {"to": to, "type": "text", "text": {"body": "x"}}) == "Phone number is not valid"


@pytest.mark.parametrize(
    "number",
    ["0612345678", "06 12 34 56 78", "612345678", "33612345678", "+33 6 12 34 56 78", "0033612345678", "+33 (0)6 12 34 56 78"],
)
def test_a_number_as_it_is_written_in_france(number: str) -> None:
    body = {"template_id": 1, "phone_number": number, "cleanForCountry": "FR"}
    assert template(body).address == "33612345678"


def test_a_french_number_that_begins_like_the_country_code() -> None:
    assert template({"template_id": 1, "phone_number": "03 33 44 55 66", "cleanForCountry": "fr"}).address == "33333445566"


@pytest.mark.parametrize("country", [None, "", "DE", 33, "France"])
def test_any_other_country_changes_nothing(country: Any) -> None:
    body = {"template_id": 1, "phone_number": "0612345678", "cleanForCountry": country}
    assert refusal(template, body) == "Phone number is not valid"


def test_a_template_message() -> None:
    body = {
        "template_id": 7,
        "phone_number": "33612345678",
        "variables": {"a": "x", "n": 7, "f": 1e21},
        "name": " Alex ",
        "email": 5,
    }
    read = template(body)
    assert read == schema.TemplateMessage(
        address="33612345678",
        template_id=7,
        variables={"a": "x", "n": "7", "f": "1000000000000000000000"},
        name=" Alex ",
        email=None,
    )
    plan = schema.plan_of_template(UUID(int=7), read)
    assert (plan.dialect, plan.variables, plan.deliveries[0].template_id) == ("kanal", read.variables, 7)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["text", "image", "33612345678", LINK, "FR", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["body", "link", "caption", "x\0"]), inner),
    max_leaves=8,
)
_FIELDS = ["to", "type", "text", "image", "template_id", "phone_number", "variables", "cleanForCountry", "name", "email"]


@given(body=st.dictionaries(st.sampled_from(_FIELDS), _JSON) | _JSON)
@settings(max_examples=300, deadline=None)
def test_whatever_a_body_holds_it_is_read_or_refused(body: Any) -> None:
    for read in (schema.message, schema.template):
        try:
            read(encoded(body))
        except Refusal as refused:
            assert refused.error  # noqa: PT017 - that it is no other exception is what is shown.
