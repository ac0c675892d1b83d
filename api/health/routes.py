"""``GET /healthz``: the process answers. Whether its work can be done is not asked here."""

from flask import Blueprint, Response, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that the process is alive."""
    return jsonify(status="ok")
