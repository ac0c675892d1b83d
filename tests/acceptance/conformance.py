"""Real answers held against what the api says of itself: the status is declared, and the body is of its schema."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import httpx
from flask import Flask
from jsonschema import Draft202012Validator

from api import app as entry
from api.openapi import document, rooms
from api.openapi.operation import Operation


@lru_cache(maxsize=1)
def operations() -> tuple[Operation, ...]:
    """Give what the rooms declare."""
    app = Flask("antar", static_folder=None)
    entry.add_rooms(app)
    return rooms.operations(app)


def client(base_url: str) -> httpx.Client:
    """Open a client every answer of which is checked."""
    hooks: Any = {"response": [check]}
    return httpx.Client(base_url=base_url, timeout=60, event_hooks=hooks)


def check(answer: httpx.Response) -> None:
    """Fail when an answer is not what its operation declares. What is no operation declares nothing."""
    for method, pattern, responses in _declared():
        if method == answer.request.method and pattern.fullmatch(answer.request.url.path):
            answer.read()
            _check(answer, responses)


def _check(answer: httpx.Response, responses: Mapping[str, Any]) -> None:
    asked = f"{answer.request.method} {answer.request.url.path}"
    assert str(answer.status_code) in responses, f"{asked} answers {answer.status_code}, which is not declared: {answer.text}"
    content = responses[str(answer.status_code)].get("content", {})
    assert not content or "*/*" in content or answer.headers["Content-Type"].partition(";")[0] in content, (
        f"{asked}: {answer.headers['Content-Type']}"
    )
    if "application/json" in content:
        problems = [
            f"{error.json_path}: {error.message}"
            for error in _validator(content["application/json"]["schema"]).iter_errors(answer.json())
        ]
        assert problems == [], f"{asked} answers {answer.status_code} outside its schema: {answer.text}"


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    return document.build(operations(), version="0", public_url="http://antar.example")


@lru_cache(maxsize=1)
def _declared() -> tuple[tuple[str, re.Pattern[str], Mapping[str, Any]], ...]:
    return tuple(_operations())


def _operations() -> Iterator[tuple[str, re.Pattern[str], Mapping[str, Any]]]:
    for path, methods in _document()["paths"].items():
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        for method, operation in methods.items():
            yield method.upper(), pattern, operation["responses"]


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": _document()["components"]})
