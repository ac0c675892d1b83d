"""How answers are written, and handed to the server without the detours that only a stream needs."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PLAIN: Final = frozenset({200, 201, 202})


class _Json(DefaultJSONProvider):
    """Answers keep the order of their fields, as the contracts print them, and are compact."""

    sort_keys = False
    compact = True
    _encode: Final = json.JSONEncoder(default=DefaultJSONProvider.default, separators=(",", ":")).encode

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer a value, or an object's fields, as :class:`DefaultJSONProvider` does, which makes an encoder each time."""
        return _Answer(f"{self._encode(self._prepare_response_obj(args, kwargs))}\n", mimetype=self.mimetype)


class _Answer(Response):
    """An answer that is one text goes to the server as it is: a list of bytes, which is complete."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Start the answer and give its body."""
        body = self.response
        if self.status_code not in _PLAIN or not isinstance(body, list) or self._on_close or environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return body


def register(app: Flask) -> None:
    """Have every answer of the app written so."""
    app.json = _Json(app)
    app.response_class = _Answer
