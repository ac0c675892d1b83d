"""The page for people: the document laid out as HTML, with nothing that runs and nothing that is loaded.

A viewer was weighed against it: the Swagger UI that is to be had as a wheel (4.15) does not read OpenAPI 3.1, and Redoc is a
megabyte of script that shows nothing to whoever saves the page or reads it as text.
"""

import re
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup, escape

from api import headers
from api.openapi import curl
from shared.domain.meanings import MEANINGS

_HERE: Final = Path(__file__).parent
_STYLE: Final = (_HERE / "docs.css").read_text()
_CODE: Final = re.compile(r"`([^`]+)`")
_EMPHASIS: Final = re.compile(r"\*([^*]+)\*")

STYLE_HASH: Final = headers.hashed(_STYLE)
"""What a content security policy names the page's style sheet by."""


def render(document: dict[str, Any]) -> str:
    """Lay out an OpenAPI document that :mod:`api.openapi.document` has built."""
    style = Markup(_STYLE)  # noqa: S704 - our own file.
    return _template().render(document=document, sections=_sections(document), meanings=MEANINGS, style=style)


def prose(text: str) -> Markup:
    """Mark up a description: backticks are code, stars emphasis, empty lines paragraphs."""
    return Markup("").join(Markup("<p>{}</p>").format(words(part)) for part in text.strip().split("\n\n"))


def words(text: str) -> Markup:
    """Mark up a line of text: backticks are code, stars emphasis."""
    pieces = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(each) if index % 2 else _emphasised(each) for index, each in enumerate(pieces)
    )


def _emphasised(text: str) -> Markup:
    return Markup(_EMPHASIS.sub(r"<em>\1</em>", str(escape(text))))  # noqa: S704 - escaped right here.


def _sections(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give each tag with its operations, each with its method and path."""
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return [{**tag, "operations": [each for each in operations if each["tags"] == [tag["name"]]]} for tag in document["tags"]]


def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(prose=prose, words=words, curl=curl.command, anchor=_anchor)
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    return environment.get_template("docs.html")


def _anchor(reference: str) -> str:
    """Give the name of the model that a reference points to."""
    return reference.rpartition("/")[2]
