"""Every room declares all that it serves, and its examples are what it says they are."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from pydantic import TypeAdapter

from api.openapi.operation import Auth, Operation

_BY_ITSELF = {"HEAD", "OPTIONS"}
"""Flask answers these from the others."""
_TOKEN_REFUSED = (401, 503)


def test_every_method_of_every_route_is_declared_once(app: Flask, operations: tuple[Operation, ...]) -> None:
    served = Counter((method, rule.rule) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - _BY_ITSELF)
    declared = Counter((operation.method, operation.path) for operation in operations)
    assert declared == served


def test_every_parameter_of_a_path_is_described(app: Flask, operations: tuple[Operation, ...]) -> None:
    arguments = {rule.rule: set(rule.arguments) for rule in app.url_map.iter_rules()}
    described = {operation.name: {each.name for each in operation.parameters if each.where == "path"} for operation in operations}
    assert described == {operation.name: arguments[operation.path] for operation in operations}


def test_an_operation_has_a_name_of_its_own(operations: tuple[Operation, ...]) -> None:
    assert [name for name, count in Counter(operation.name for operation in operations).items() if count > 1] == []


def test_a_tag_says_the_same_wherever_it_stands(operations: tuple[Operation, ...]) -> None:
    assert len({operation.tag for operation in operations}) == len({operation.tag.name for operation in operations})


def test_what_needs_a_token_says_how_it_refuses(operations: tuple[Operation, ...]) -> None:
    with_token = [operation for operation in operations if operation.auth is Auth.TOKEN]
    unsaid = [
        (operation.name, status)
        for operation in with_token
        for status in _TOKEN_REFUSED
        if status not in operation.answers or operation.answers[status].type is None
    ]
    assert with_token
    assert unsaid == []


def test_texts_are_sentences(operations: tuple[Operation, ...]) -> None:
    texts = [
        text
        for operation in operations
        for text in (operation.description, *_described(operation))
        if not (text.strip()[0].isupper() or text.startswith("`")) or text.strip()[-1] not in ".!"
    ]
    assert texts == []


def _described(operation: Operation) -> Iterator[str]:
    yield operation.tag.description
    yield from (parameter.description for parameter in operation.parameters)
    yield from (answer.description for answer in operation.answers.values())


def test_summaries_are_headings(operations: tuple[Operation, ...]) -> None:
    assert [operation.summary for operation in operations if operation.summary.endswith(".") or len(operation.summary) > 40] == []


def test_a_body_that_a_backend_writes_has_an_example(operations: tuple[Operation, ...]) -> None:
    bodies = {operation.name: operation.body for operation in operations if operation.auth is Auth.TOKEN and operation.body}
    assert [name for name, body in bodies.items() if body.required and body.example is None] == []


def test_examples_are_valid(operations: tuple[Operation, ...]) -> None:
    examples = [(described, example) for operation in operations for described, example in _examples(operation)]
    assert len(examples) > 2
    for described, example in examples:
        TypeAdapter(described).validate_json(json.dumps(example), strict=True)


def _examples(operation: Operation) -> Iterator[tuple[Any, Any]]:
    given = [operation.body, *operation.parameters, *operation.answers.values()]
    yield from ((each.type, each.example) for each in given if each is not None and each.example is not None)


def test_a_wrong_example_would_be_found(operations: tuple[Operation, ...]) -> None:
    wrong = next(each for operation in operations for each in operation.answers.values() if each.example is not None)
    with pytest.raises(ValueError, match="surprise"):
        TypeAdapter(wrong.type).validate_json(json.dumps({**wrong.example, "surprise": 1}), strict=True)
