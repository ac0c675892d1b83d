"""The page holds all that the document says, loads nothing, and runs nothing."""

import base64
import hashlib
import json
import re
import shlex
from typing import Any

import pytest

from api.openapi import curl, page
from shared.domain.outcome import Code


@pytest.fixture(scope="module")
def html(told: dict[str, Any]) -> str:
    return page.render(told)


def _operations(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]


def test_everything_can_be_found(html: str, told: dict[str, Any]) -> None:
    anchors = re.findall(r' id="([^"]+)"', html)
    names = [operation["operationId"] for operation in _operations(told)]
    models = [f"model-{name}" for name in told["components"]["schemas"]]
    assert {*names, *models} <= set(anchors)
    assert len(anchors) == len(set(anchors))


def test_every_link_leads_somewhere_on_the_page(html: str) -> None:
    links = set(re.findall(r'href="([^"]+)"', html))
    assert links - {f"#{anchor}" for anchor in re.findall(r' id="([^"]+)"', html)} == {"openapi.json"}


def test_every_reason_code_is_explained(html: str) -> None:
    assert [code for code in Code if f"<td><code>{code}</code></td>" not in html] == []


def test_every_status_and_parameter_is_there(html: str, told: dict[str, Any]) -> None:
    for operation in _operations(told):
        article = html.split(f'<article id="{operation["operationId"]}">')[1].split("</article>", maxsplit=1)[0]
        expected = [*operation["responses"], *(each["name"] for each in operation.get("parameters", ()))]
        assert [each for each in expected if f"<td><code>{each}</code>" not in article] == []


def test_nothing_is_loaded_and_nothing_runs(html: str) -> None:
    assert re.findall(r"<(?:script|link|img|iframe|object|embed)|\bsrc=|\bstyle=|\bon\w+=|@import|url\(", html) == []


def test_the_style_sheet_is_the_one_that_the_policy_names(html: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}" == page.STYLE_HASH


def test_texts_are_marked_up_and_escaped() -> None:
    assert page.prose("One *two* `a<b`.\n\n<i>") == "<p>One <em>two</em> <code>a&lt;b</code>.</p><p>&lt;i&gt;</p>"


def test_every_curl_is_a_command(told: dict[str, Any]) -> None:
    for operation in _operations(told):
        words = shlex.split(curl.command(operation, "https://antar.example").replace("\\\n", ""))
        assert words[0] == "curl"
        assert any(word.startswith("https://antar.example/") for word in words)


def test_every_curl_on_the_page_can_be_run_as_it_is(html: str) -> None:
    shown = re.findall(r"<pre>(curl .*?)</pre>", html, re.DOTALL)
    assert len(shown) > 20
    assert [each for each in shown if re.search(r"/\{\w+\}", each)] == []


def test_a_curl_sends_the_example_with_the_token(told: dict[str, Any]) -> None:
    operation = next(each for each in _operations(told) if each["operationId"] == "move_send")
    words = shlex.split(curl.command(operation, "https://antar.example").replace("\\\n", ""))
    assert words[:4] == ["curl", "-X", "PATCH", "https://antar.example/v1/sends/snd_01M7XC8EPCEHFVZ3Z7T6A5DQ50"]
    assert words[4:-1] == ["-H", "Authorization: Bearer $TOKEN", "-H", "Content-Type: application/json", "-d"]
    assert json.loads(words[-1]) == {"schedule": 1795300000, "variables": {"name": "Alex"}}


def test_a_curl_asks_what_must_be_asked_and_quotes_what_the_shell_would_read(told: dict[str, Any]) -> None:
    held = next(each for each in _operations(told) if each["operationId"] == "list_held_deliveries")
    assert curl.command(held, "http://a").startswith("curl 'http://a/v1/deliveries?held=true'")
    body = {"requestBody": {"content": {"application/json": {"example": {"text": "it's"}}}}}
    words = shlex.split(curl.command({**held, **body}, "http://a").replace("\\\n", ""))
    assert json.loads(words[-1]) == {"text": "it's"}


def test_what_may_be_null_keeps_its_meaning_and_a_bound_stays_on_its_line(html: str) -> None:
    (row,) = set(re.findall(r"<tr>(?:(?!</tr>).)*<code>rate_per_second</code>(?:(?!</tr>).)*0\.0001.*?</tr>", html, re.DOTALL))
    assert "≤&nbsp;1000000 or null" in row
    assert "<td>Messages a second at the most.</td>" in row
