"""The document is OpenAPI 3.1, and says of each operation what its room declares."""

import json
import re
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from schemathesis.specs.openapi.definitions import OPENAPI_31

from api.openapi import document
from api.openapi.operation import Answer, Auth, Body, Operation, Parameter, Tag


class Asked(BaseModel):
    """A request."""

    name: str = Field(description="What it is called.")
    note: str | SkipJsonSchema[None] = None


class Given(BaseModel):
    """An answer."""

    asked: Asked | None


def _operation(**changes: Any) -> Operation:
    values: dict[str, Any] = {
        "method": "PUT",
        "path": "/things/<int:number>/<name>",
        "name": "put_thing",
        "summary": "Put a thing",
        "description": "Puts it.",
        "tag": Tag(name="Things", description="Things."),
        "parameters": (Parameter(name="number", where="path", description="Which.", type=int, example=7),),
        "answers": {200: Answer(description="It.", type=Given, headers={"Location": "Where."}), 204: Answer(description="None.")},
        **changes,
    }
    return Operation(**values)


def _built(*operations: Operation) -> dict[str, Any]:
    return document.build(operations, version="1.2.3", public_url="https://antar.example")


def test_the_whole_document_is_openapi(told: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(OPENAPI_31).validate(told)


def test_every_reference_leads_somewhere(told: dict[str, Any]) -> None:
    models = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert set(_references(told)) <= models
    assert set(_references(told))


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [each for item in value for each in _references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if "$ref" in value else []
    return own + [each for item in value.values() for each in _references(item)]


def test_every_model_is_described_under_a_name_for_people(told: dict[str, Any]) -> None:
    models = told["components"]["schemas"]
    assert [name for name, schema in models.items() if not schema.get("description")] == []
    assert [name for name in models if "_" in name or name.endswith(("-Input", "-Output"))] == []


def test_nothing_is_told_in_the_marks_of_docstrings(told: dict[str, Any]) -> None:
    assert re.findall(r"``|:(?:class|func|mod|meth|attr|data):", json.dumps(told)) == []


def test_a_model_of_a_dialect_is_named_after_it(told: dict[str, Any]) -> None:
    models = told["components"]["schemas"]
    assert {"KirisanOutcome", "Send"} <= set(models)
    assert "Outcome" not in models


def test_a_default_that_only_stands_for_a_field_left_out_is_not_told(told: dict[str, Any]) -> None:
    models = told["components"]["schemas"]
    fields = [field for schema in models.values() for field in schema.get("properties", {}).values()]
    assert [field for field in fields if "default" in field and field["default"] in (None, {}, "", [])] == []
    assert "default" not in models["Message"]["properties"]["richContext"]


def test_who_it_is_and_where(told: dict[str, Any]) -> None:
    assert (told["info"]["version"], told["servers"]) == ("1.2.3", [{"url": "https://antar.example"}])
    assert told["tags"][0]["name"] == "Kirisan"


def test_paths_are_written_as_openapi_has_them() -> None:
    assert list(_built(_operation())["paths"]) == ["/things/{number}/{name}"]


def test_methods_of_one_path_stand_together() -> None:
    paths = _built(_operation(), _operation(method="DELETE", name="drop_thing"))["paths"]
    assert [list(methods) for methods in paths.values()] == [["put", "delete"]]


def test_a_parameter_of_the_path_is_always_required() -> None:
    (parameter,) = _built(_operation())["paths"]["/things/{number}/{name}"]["put"]["parameters"]
    assert parameter == {
        "name": "number",
        "in": "path",
        "description": "Which.",
        "required": True,
        "schema": {"type": "integer"},
        "example": 7,
    }


def test_an_answer_has_its_headers_and_the_request_id() -> None:
    responses = _built(_operation())["paths"]["/things/{number}/{name}"]["put"]["responses"]
    assert list(responses["200"]["headers"]) == ["X-Request-Id", "Location"]
    assert responses["200"]["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Given"}}}
    assert "content" not in responses["204"]


def test_a_model_that_is_asked_and_given_stands_once_and_says_what_may_be_left_out() -> None:
    models = _built(_operation(body=Body(type=Asked)))["components"]["schemas"]
    assert models["Asked"] == {
        "title": "Asked",
        "description": "A request.",
        "type": "object",
        "properties": {"name": {"type": "string", "description": "What it is called."}, "note": {"type": "string"}},
        "required": ["name"],
    }


@pytest.mark.parametrize(
    ("auth", "security"), [(Auth.TOKEN, [{"accountToken": []}]), *((each, []) for each in Auth if each is not Auth.TOKEN)]
)
def test_what_needs_a_token_says_so(auth: Auth, security: list[Any]) -> None:
    assert _built(_operation(auth=auth))["paths"]["/things/{number}/{name}"]["put"]["security"] == security
