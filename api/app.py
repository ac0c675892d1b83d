"""The WSGI application."""

import gc
from collections.abc import Callable
from typing import Any, Final

import structlog
from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

from api import answers, boundary, cores, errors, intake, measuring, request_ids, services
from api.campaigns import routes as campaigns
from api.contacts import routes as contacts
from api.deliveries import routes as deliveries
from api.dialects.kanal import routes as kanal
from api.dialects.kirim import routes as kirim
from api.dialects.kirisan import routes as kirisan
from api.file_links import routes as file_links
from api.files import routes as files
from api.health import routes as health
from api.keys import routes as keys
from api.openapi import routes as openapi
from api.receipts import routes as receipts
from api.sends import routes as sends
from api.stats import routes as stats
from api.suppressions import routes as suppressions
from api.templates import routes as templates
from api.tokens import routes as tokens
from api.unsubscribe import routes as unsubscribe
from api.webhooks import routes as webhooks
from shared import bugs, logs, settings, tracing
from shared.figures import endpoint

_log: Final = structlog.get_logger("http")
_COLLECT_AFTER: Final = 5000
"""Objects made and not yet dropped: a few hundred for each request that is under way."""


class _NoSession(SessionInterface):
    """No request has a session: callers bring a token each time."""

    _none: Final = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - Flask's signature.
        """Give the one that holds nothing."""
        return self._none


class _App(Flask):
    """Flask without what each request pays for and none uses: views that are coroutines, sessions, and servers by name."""

    session_interface = _NoSession()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the routes to a request, whose host is looked at once. Outside of requests nobody asks for an address."""
        if request is None:
            return None
        if "HTTP_UPGRADE" in request.environ or not request.environ["PATH_INFO"]:
            return super().create_url_adapter(request)
        return self.url_map.bind(
            request.host,
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.query_string.decode(errors="replace"),
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Take every function for what it is."""
        return func

    def log_exception(self, exc_info: Any) -> None:
        """Tell of a bug of ours without its words and without the path, which may be the caller's."""
        error: BaseException = exc_info[1]
        _log.error("http.bug", request_id=request_ids.current(), error=bugs.kind(error), trace=bugs.trace(error))


def create_app() -> Flask:
    """Make the application and start what its process needs."""
    logs.configure()
    tracing.start()
    if settings.get().api_one_core:
        cores.keep_to_one()
    app = _App("antar", static_folder=None)
    answers.register(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.get().max_body_bytes
    errors.register(app)
    boundary.register(app)
    services.register(app)
    for error in intake.DATABASE_AWAY:
        app.register_error_handler(error, _database_away)
    add_rooms(app)
    endpoint.start(measuring.note)
    _spare_the_collector()
    return app


def add_rooms(app: Flask) -> None:
    """Add the routes of every room, in the order in which they are told of."""
    for routes in (
        kirisan,
        kirim,
        kanal,
        sends,
        deliveries,
        campaigns,
        stats,
        templates,
        files,
        webhooks,
        keys,
        tokens,
        contacts,
        suppressions,
        receipts,
        unsubscribe,
        file_links,
        health,
        openapi,
    ):
        app.register_blueprint(routes.blueprint)


def _spare_the_collector() -> None:
    """Have the garbage collector pass over what is there from the start, and look less often at what requests make and drop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 10, 10)


def _database_away(_: Exception) -> Response:
    return errors.render(errors.ServiceUnavailable())
