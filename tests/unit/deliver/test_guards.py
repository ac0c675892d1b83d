import inspect
import typing
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent
from shared.domain.states import KeyStatus, SendState
from tests.unit.factories import NOW, claim, template_claim
from worker.deliver import guards
from worker.deliver.claim import Claim

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
FREE_FORM = {"channel": Channel.WABA, "key_settings": {"window": "enforce"}}
WITH_COMPONENTS = {"kind": "template", "cloud": {"name": "order", "language": {"code": "id"}}}

PASSING = [
    pytest.param(claim(), id="nothing special"),
    pytest.param(template_claim(), id="a template"),
    pytest.param(claim(send_state=SendState.UNKNOWN), id="a send that ended by itself"),
    pytest.param(claim(expires_at=NOW + SECOND), id="a second before its end"),
    pytest.param(claim(status_code="device_disconnected", status_reason="was away"), id="a key that is active again"),
    pytest.param(claim(channel=Channel.WABA), id="a window that the provider watches"),
    pytest.param(claim(channel=Channel.WABA, key_settings={"window": "trust_provider"}), id="likewise by name"),
    pytest.param(claim(**FREE_FORM, last_inbound_at=NOW - DAY + SECOND), id="the last second of the window"),
    pytest.param(claim(**FREE_FORM, content=WITH_COMPONENTS), id="an inline template out of the window"),
    pytest.param(template_claim(**FREE_FORM), id="a stored template out of the window"),
    pytest.param(claim(key_settings={"window": "enforce"}), id="a window on a channel that has none"),
]

STOPPING: list[tuple[dict[str, Any], Code, str]] = [
    ({"send_state": SendState.CANCELLED}, Code.CANCELLED, "cancelled"),
    ({"expires_at": NOW}, Code.EXPIRED, "expired before it could be sent"),
    ({"expires_at": NOW - DAY}, Code.EXPIRED, "expired before it could be sent"),
    ({"key_status": KeyStatus.REVOKED}, Code.KEY_REVOKED, "telegram key is revoked"),
    ({"key_status": KeyStatus.REVOKED, "status_reason": "left the company"}, Code.KEY_REVOKED, "left the company"),
    ({"key_status": KeyStatus.SUSPENDED}, Code.KEY_SUSPENDED, "telegram key is suspended"),
    (
        {"key_status": KeyStatus.SUSPENDED, "status_code": "device_disconnected", "status_reason": "Device disconnected"},
        Code.DEVICE_DISCONNECTED,
        "Device disconnected",
    ),
    ({"target": None, "address": None}, Code.TARGET_MISSING, "missing target"),
    ({"address": None}, Code.TARGET_INVALID, "invalid target"),
    ({"suppressed": True}, Code.RECIPIENT_SUPPRESSED, "recipient is suppressed"),
    ({"opted_out": True}, Code.RECIPIENT_OPTED_OUT, "recipient has opted out"),
    (FREE_FORM, Code.OUTSIDE_WINDOW, "outside the 24-hour window"),
    ({**FREE_FORM, "last_inbound_at": NOW - DAY}, Code.OUTSIDE_WINDOW, "outside the 24-hour window"),
]

STOPPING_TEMPLATES: list[tuple[dict[str, Any], Code, str]] = [
    *(
        (
            {"channel": channel, "template_body": None, "template_status": None, "template_active": None},
            Code.TEMPLATE_NOT_FOUND,
            reason,
        )
        for channel, reason in [
            (Channel.WHATSAPP, "WhatsApp template not found"),
            (Channel.TELEGRAM, "Telegram template not found"),
            (Channel.WABA, "WABA template not found"),
            (Channel.EMAIL, "Email template not found"),
        ]
    ),
    ({"template_status": "pending"}, Code.TEMPLATE_NOT_APPROVED, "template is not approved for sending"),
    ({"template_status": "rejected", "template_active": False}, Code.TEMPLATE_NOT_APPROVED, "template is not approved for sending"),
    ({"template_active": False}, Code.TEMPLATE_INACTIVE, "template is inactive"),
]


@pytest.mark.parametrize("passing", PASSING)
def test_they_let_pass(passing: Claim) -> None:
    assert guards.check(passing) is None


@pytest.mark.parametrize(
    ("stopped", "code", "reason"),
    [
        *((claim(**changes), code, reason) for changes, code, reason in STOPPING),
        *((template_claim(**changes), code, reason) for changes, code, reason in STOPPING_TEMPLATES),
    ],
)
def test_they_stop_with_the_contracts_words(stopped: Claim, code: Code, reason: str) -> None:
    assert guards.check(stopped) == NotSent(code=code, reason=reason, action=Action.PERMANENT)


def test_every_guard_stops_something_here() -> None:
    examples = [*(claim(**row[0]) for row in STOPPING), *(template_claim(**row[0]) for row in STOPPING_TEMPLATES)]
    idle = [guard for guard in guards.GUARDS if not any(guard(example) for example in examples)]
    assert idle == []


def test_every_guard_of_the_module_stands_guard() -> None:
    functions = [
        function for _, function in inspect.getmembers(guards, inspect.isfunction) if function.__module__ == guards.__name__
    ]
    alike = [function for function in functions if typing.get_type_hints(function) == typing.get_type_hints(guards.not_cancelled)]
    assert set(alike) - {guards.check} == set(guards.GUARDS)
    assert len(set(guards.GUARDS)) == len(guards.GUARDS)


IN_ORDER: list[tuple[dict[str, Any], Code]] = [
    ({"send_state": SendState.CANCELLED}, Code.CANCELLED),
    ({"expires_at": NOW}, Code.EXPIRED),
    ({"key_status": KeyStatus.REVOKED}, Code.KEY_REVOKED),
    ({"address": None}, Code.TARGET_INVALID),
    ({"suppressed": True}, Code.RECIPIENT_SUPPRESSED),
    ({"opted_out": True}, Code.RECIPIENT_OPTED_OUT),
    (FREE_FORM, Code.OUTSIDE_WINDOW),
]


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_the_first_that_stops_decides(first: int) -> None:
    wrong = {name: value for changes, _ in IN_ORDER[first:] for name, value in changes.items()}
    stop = guards.check(claim(**wrong))
    assert stop is not None
    assert stop.code is IN_ORDER[first][1]


def test_the_template_is_looked_at_last() -> None:
    stop = guards.check(template_claim(template_active=False, opted_out=True))
    assert stop is not None
    assert stop.code is Code.RECIPIENT_OPTED_OUT
