"""The templates of a WhatsApp Business account at Meta: its pages of them, and what it takes for review."""

import base64
import re
from collections.abc import Sequence
from uuid import uuid4

from aiohttp import web

from deploy.local.sandbox.cloud_api_errors import error
from deploy.local.sandbox.desk import ProviderError
from deploy.local.sandbox.fields import Fields, Json

_FIELDS = frozenset(
    {"id", "name", "language", "status", "category", "parameter_format", "components", "quality_score", "rejected_reason"}
)
_CATEGORIES = frozenset({"AUTHENTICATION", "MARKETING", "UTILITY"})
_FORMATS = frozenset({"NAMED", "POSITIONAL"})
_KINDS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"})
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_USUAL_LIMIT = 25
_MOST = 1000
_TAKEN = 2388024
"""The subcode of a name that is taken in its language."""


def page(listed: Sequence[Json], request: web.Request) -> Json:
    """Give the page that is asked for, with the fields that are."""
    start, limit = _offset(request.query.get("after")), _limit(request.query.get("limit", str(_USUAL_LIMIT)))
    wanted = _wanted(request.query.get("fields"))
    found = listed[start : start + limit]
    cursors = {"before": _cursor(start), "after": _cursor(start + len(found))}
    more = {"next": f"{request.url.origin()}{request.path}?after={cursors['after']}"} if listed[start + limit :] else {}
    data = [{name: value for name, value in each.items() if name in wanted} for each in found]
    return {"data": data, "paging": {"cursors": cursors, **more}}


def read(fields: Fields) -> Json:
    """Read what is handed in for review. Raises :class:`InvalidFieldError` for what Meta does not take."""
    name, language = fields.text("name", 512), fields.text("language")
    if not _NAME.fullmatch(name):
        raise fields.wrong("name", "must have lowercase letters, digits and underscores only")
    if not _LANGUAGE.fullmatch(language):
        raise fields.wrong("language", "is no language")
    components = [_component(each) for each in fields.objects("components")]
    if not any(each["type"].upper() == "BODY" for each in components):
        raise fields.wrong("components", "must have a BODY")
    form = fields.choice("parameter_format", _FORMATS) if "parameter_format" in fields else "POSITIONAL"
    category = fields.choice("category", _CATEGORIES)
    return {"name": name, "language": language, "category": category, "parameter_format": form, "components": components}


def add(listed: list[Json], made: Json) -> Json:
    """Take a template for review, which it then waits for. Raises :class:`ProviderError` for one that is there already."""
    if any((each["name"], each["language"]) == (made["name"], made["language"]) for each in listed):
        raise _taken(made)
    pending = {"id": str(uuid4().int)[:16], "status": "PENDING", **made}
    listed.append(pending)
    return {name: pending[name] for name in ("id", "status", "category")}


def _component(fields: Fields) -> Json:
    kind = fields.text("type").upper()
    if kind not in _KINDS:
        raise fields.wrong("type", f"must be one of {', '.join(sorted(_KINDS))}")
    if kind in {"BODY", "FOOTER"}:
        fields.text("text", 1024)
    unknown = {"link", "payload"} & set(fields.values)
    if unknown:
        raise fields.wrong(min(unknown), "is no field of a component")
    return fields.values


def _taken(made: Json) -> ProviderError:
    refusal = error(100, "Content in this language already exists", _TAKEN)
    said = f"There is already {made['language']} content for this template. You can create a new template and try again."
    refusal.body["error"] |= {"error_user_title": "Content in this language already exists", "error_user_msg": said}
    return refusal


def _wanted(fields: str | None) -> frozenset[str]:
    """Give the fields asked for. The Graph API refuses those it does not know."""
    wanted = _FIELDS if fields is None else frozenset(fields.split(","))
    unknown = min(wanted - _FIELDS, default=None)
    if unknown is not None:
        raise error(100, f"Tried accessing nonexisting field ({unknown})")
    return wanted | {"id"}


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise error(100, "Param limit must be an integer greater than 0")
    return int(text)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(cursor: str | None) -> int:
    try:
        return 0 if cursor is None else int(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise error(100, "Invalid cursors values") from None
