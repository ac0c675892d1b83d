"""``GET /healthz``: the process answers. ``GET /readyz``: its work can be done, check by check.

``/readyz?exclude=broker&exclude=consumption`` leaves checks out, as the Kubernetes API server's own does; names it does not know
change nothing.
"""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState

from api.health import checks

blueprint = Blueprint("health", __name__)

_EXTENSION = "antar.health"


@blueprint.record_once
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions[_EXTENSION] = checks.all_checks()


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that the process is alive."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> Response:
    """Say for each check what it found: 200 when all are ok, else 503."""
    found = checks.run(current_app.extensions[_EXTENSION], request.args.getlist("exclude"))
    response = jsonify({name: each.as_json() for name, each in found.items()})
    if any(each.problem for each in found.values()):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.cache_control.no_store = True
    return response
