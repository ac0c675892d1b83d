"""The WSGI application."""

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

from api import bodies, errors, intake, request_ids, services
from api.deliveries import routes as deliveries
from api.dialects.kanal import routes as kanal
from api.dialects.kirim import routes as kirim
from api.dialects.kirisan import routes as kirisan
from api.health import routes as health
from api.openapi import routes as openapi
from api.receipts import routes as receipts
from api.sends import routes as sends
from api.unsubscribe import routes as unsubscribe
from api.webhooks import routes as webhooks
from shared import logs, settings


class _Json(DefaultJSONProvider):
    """Answers keep the order of their fields, as the contracts print them, and are compact."""

    sort_keys = False
    compact = True


def create_app() -> Flask:
    """Make the application and start what its process needs."""
    logs.configure()
    app = Flask("antar", static_folder=None)
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.get().max_body_bytes
    errors.register(app)
    request_ids.register(app)
    bodies.register(app)
    services.register(app)
    for error in intake.DATABASE_AWAY:
        app.register_error_handler(error, _database_away)
    add_rooms(app)
    return app


def add_rooms(app: Flask) -> None:
    """Add the routes of every room, in the order in which they are told of."""
    for routes in (kirisan, kirim, kanal, sends, deliveries, webhooks, receipts, unsubscribe, health, openapi):
        app.register_blueprint(routes.blueprint)


def _database_away(_: Exception) -> Response:
    return errors.render(errors.ServiceUnavailable())
