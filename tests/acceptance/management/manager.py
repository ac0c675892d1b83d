"""A person's side of the management rooms: asking, and what is told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.acceptance.backend import Backend, JsonObject


@dataclass(frozen=True, kw_only=True)
class Manager:
    """An account's client for everything but sending."""

    http: httpx.Client
    token: str
    sandbox: httpx.Client

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask for something; a header's name is written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        return self.http.request(method, path, headers={"Authorization": f"Bearer {self.token}", **named}, **content)

    def told(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for something that is done, and give its data."""
        answer = self.ask(method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str | None]:
        """Ask for something that is refused, and give the status, the code and the field."""
        answer = self.ask(method, path, body, **headers)
        assert not answer.is_success, answer.text
        error = answer.json()["error"]
        return answer.status_code, error["code"], error.get("param")

    def pages(self, path: str) -> Iterator[list[JsonObject]]:
        """Give the pages of a list to its end."""
        cursor: str | None = ""
        while cursor is not None:
            answer = self.ask("GET", path + (f"&cursor={cursor}" if cursor else "")).raise_for_status().json()
            yield answer["data"]
            assert answer["has_more"] == (answer["next_cursor"] is not None)
            cursor = answer["next_cursor"]

    def with_token(self, token: str) -> "Manager":
        """Give the same account with another token."""
        return replace(self, token=token)

    def backend(self, **keys: str) -> Backend:
        """Give the account's sender, with the tokens of its keys by channel."""
        return Backend(http=self.http, token=self.token, keys=keys, templates={}, sandbox=self.sandbox)
