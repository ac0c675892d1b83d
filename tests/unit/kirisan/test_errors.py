"""How a refusal is put into words."""

import pytest
from pydantic import TypeAdapter, ValidationError

from api.dialects.kirisan import errors


def test_an_error_without_words_of_its_own_still_names_the_field() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, bytes]).validate_json(b'{"a": 5}')
    assert errors.explain(caught.value, "target") == "target.a is not valid"
