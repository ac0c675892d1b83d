"""What is wrong with a body, put into words."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from api import explanations
from api.campaigns.requests import Clock
from shared.domain.channels import Channel


def test_an_error_without_words_of_its_own_still_names_the_field() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, bytes]).validate_json(b'{"a": 5}')
    assert explanations.explain(caught.value, "target") == "target.a is not valid"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (dict[Literal["a", "b"], int], b'{"c": 5}', "target.c must be 'a' or 'b'"),
        (dict[Channel, int], b'{"sms": 5}', "target.sms must be 'whatsapp', 'waba', 'telegram' or 'email'"),
        (Annotated[float, Field(gt=0)], b"0", "target must be more than 0"),
        (Clock, b'"25:00"', "target must be a time of day, as 21:00"),
        (Clock, '"2\u0661:00"'.encode(), "target must be a time of day, as 21:00"),
    ],
)
def test_what_a_value_may_be_is_said(kind: Any, body: bytes, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_json(body)
    assert explanations.explain(caught.value, "target") == said
