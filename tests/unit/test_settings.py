import ast
import inspect
import re
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from shared import settings
from shared.settings import Settings

_UNITS = re.compile(
    r"\b(Seconds|Bytes|Weeks|Days|Threads|Sends|Deliveries|Outcomes|Calls|Requests|Tasks|Connections|Webhooks|Rows|Port)\b"
)

_NUMBERS = [name for name, field in Settings.model_fields.items() if type(field.default) in {int, float}]


def documented() -> dict[str, str]:
    """Read the doc comment below each field; Python itself keeps none."""
    body = next(node for node in ast.parse(inspect.getsource(settings)).body if isinstance(node, ast.ClassDef)).body
    found = {}
    for field, comment in pairwise(body):
        match field, comment:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    assert documented().get(name, "").strip().endswith(".")


@pytest.mark.parametrize("name", _NUMBERS)
def test_every_number_says_its_unit(name: str) -> None:
    assert _UNITS.match(documented()[name])


@pytest.mark.parametrize("name", _NUMBERS)
@pytest.mark.parametrize("value", ["-1", "x", "", "nan"])
def test_a_number_that_cannot_be_meant_is_refused_by_its_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ANTAR_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def defaults(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ANTAR_{name.upper()}", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_the_defaults_keep_each_limit_within_the_one_that_guards_it(monkeypatch: pytest.MonkeyPatch) -> None:
    current = defaults(monkeypatch)
    call = current.connect_timeout + current.read_timeout
    assert call < current.lease_seconds < current.visibility_seconds
    assert 2 * current.promote_interval < current.horizon_seconds < current.visibility_seconds
    assert current.retry_base_delay * 2 ** (current.retry_attempts - 1) < current.retry_seconds <= current.horizon_seconds
    assert 0 <= current.send_wait <= 60


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    current = defaults(monkeypatch, ANTAR_SEND_WAIT="2.5", ANTAR_PUBLIC_URL="https://antar.example/")
    assert (current.send_wait, current.public_url) == (2.5, "https://antar.example")


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"ANTAR_BROKER_URL": "redis://a/0"}, "redis://a/0"),
        ({"ANTAR_BROKER_URL": "redis://a/0", "ANTAR_SIGNAL_URL": "redis://b/1"}, "redis://b/1"),
    ],
)
def test_signals_go_by_the_broker_unless_told_otherwise(
    environment: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert defaults(monkeypatch, **environment).signals == url


@pytest.mark.parametrize("name", ["broker_url", "signal_url"])
def test_a_url_of_sentinels_that_cannot_be_meant_is_refused_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=rf"{name}\s+Value error, a sentinel URL needs the name of the master") as refused:
        defaults(monkeypatch, **{f"ANTAR_{name.upper()}": "sentinel://:hidden@a:1/0"})
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("url", ["amqp://a:pw1@h:5672/v", "amqps://a:pw1@h/v", "amqp://a:pw1@h/v;amqp://a:pw1@i/v"])
def test_rabbitmq_wants_a_redis_beside_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as refused:
        defaults(monkeypatch, ANTAR_BROKER_URL=url)
    said = settings.explain(refused.value)
    assert said == "ANTAR_SIGNAL_URL: Value error, it must name a Redis: ANTAR_BROKER_URL names RabbitMQ, which carries no wake-ups"
    current = defaults(monkeypatch, ANTAR_BROKER_URL=url, ANTAR_SIGNAL_URL="redis://b/1")
    assert (current.on_rabbitmq, current.signals) == (True, "redis://b/1")


@pytest.mark.parametrize("value", [61, -1])
def test_nobody_waits_longer_than_a_minute(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="send_wait"):
        defaults(monkeypatch, ANTAR_SEND_WAIT=str(value))


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "ANTAR_DATABASE_URL": "postgresql+psycopg://a:pw1@h/a",
        "ANTAR_SECRET_KEYS": "k:pw2",
        "ANTAR_BROKER_URL": "redis://:pw3@h",
    }
    assert not re.search(r"pw\d", repr(defaults(monkeypatch, **secrets)))


@pytest.mark.parametrize(
    ("text", "networks"),
    [("", []), ("127.0.0.0/8", ["127.0.0.0/8"]), (" 10.1.2.3 , fd00::/8,", ["10.1.2.3/32", "fd00::/8"])],
)
def test_networks_are_read(text: str, networks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert [str(each) for each in defaults(monkeypatch, ANTAR_EGRESS_ALLOW=text).egress_allow] == networks


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/33", "10.0.0.0/8;127.0.0.0/8", "[10.0.0.0]"])
def test_what_is_no_network_is_refused_by_the_settings_name(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_EGRESS_ALLOW", text)
    with pytest.raises(ValidationError, match=r"egress_allow\s+Value error, .*10\.0\.0|egress_allow\s+Value error, .*localhost"):
        Settings()
