"""What is wrong with a body, put into words."""

import pytest
from pydantic import TypeAdapter, ValidationError

from api import explanations


def test_an_error_without_words_of_its_own_still_names_the_field() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, bytes]).validate_json(b'{"a": 5}')
    assert explanations.explain(caught.value, "target") == "target.a is not valid"
