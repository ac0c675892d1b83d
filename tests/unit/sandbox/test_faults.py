from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.local.sandbox.faults import Fault, Faults, Kind


def _fault(**fields: Any) -> Fault:
    return Fault.model_validate({"channel": "whatsapp", "kind": "recipient", **fields})


def _faults(*faults: Fault, rolls: Iterator[float] | None = None) -> Faults:
    plan = Faults(lambda: next(rolls)) if rolls else Faults()
    for fault in faults:
        plan.add(fault)
    return plan


def test_nothing_strikes_where_nothing_was_ordered() -> None:
    assert Faults().strike("whatsapp", "628111") is None


def test_the_first_order_that_matches_strikes() -> None:
    first, second = _fault(to="628111"), _fault(kind="outage")
    plan = _faults(first, second)
    assert plan.strike("whatsapp", "628111") is first
    assert plan.strike("whatsapp", "628222") is second


def test_another_channel_is_left_alone() -> None:
    assert _faults(_fault()).strike("waba", "628111") is None


@pytest.mark.parametrize("to", ["628111", "+628111", "628111@c.us", "628111@s.whatsapp.net", " 628111"])
def test_a_recipient_is_known_in_every_form(to: str) -> None:
    assert _faults(_fault(to="+628111")).strike("whatsapp", to) is not None


def test_an_email_address_is_matched_without_regard_to_case() -> None:
    assert _faults(_fault(channel="email", to="Ann@Example.org")).strike("email", "ann@example.org") is not None


def test_an_order_is_gone_after_so_many_times() -> None:
    plan = _faults(_fault(times=2))
    assert [plan.strike("whatsapp", "1") is not None for _ in range(3)] == [True, True, False]
    assert len(plan) == 0


def test_a_share_of_the_calls_is_struck_and_the_others_meet_the_next_order() -> None:
    rare, always = _fault(probability=0.25, times=1), _fault(kind="slow")
    plan = _faults(rare, always, rolls=iter([0.9, 0.1]))
    assert plan.strike("whatsapp", "1") is always
    assert plan.strike("whatsapp", "1") is rare
    assert plan.strike("whatsapp", "1") is always


def test_a_question_uses_nothing_up() -> None:
    plan = _faults(_fault(kind="device", times=1))
    assert plan.standing("whatsapp") is not None
    assert plan.standing("whatsapp") is not None


def test_a_sender_stands_under_its_own_faults_only() -> None:
    plan = _faults(_fault(kind="device", to="628111"), _fault(kind="content"))
    assert plan.standing("whatsapp") is None
    assert plan.strike_sender("whatsapp") is None


def test_a_sender_is_struck_before_a_recipient_is_named() -> None:
    plan = _faults(_fault(channel="email", kind="credentials", times=1))
    assert plan.strike_sender("email") is not None
    assert plan.strike_sender("email") is None


def test_a_recipient_out_of_reach_is_told_apart() -> None:
    plan = _faults(_fault(to="628111"))
    assert plan.forbids("whatsapp", "628111")
    assert not plan.forbids("whatsapp", "628222")


def test_clearing_takes_all_back() -> None:
    plan = _faults(_fault(), _fault())
    assert plan.clear() == 2
    assert plan.strike("whatsapp", "1") is None


def test_a_number_is_taken_for_a_code_and_for_a_chat() -> None:
    fault = _fault(channel="telegram", to=42, code=403)
    assert (fault.to, fault.code) == ("42", "403")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channel", "sms"),
        ("kind", "gremlin"),
        ("times", 0),
        ("probability", 2),
        ("latency_ms", -1),
        ("retry_after", "soon"),
        ("x", 1),
    ],
)
def test_a_wrong_order_names_its_field(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as error:
        _fault(**{field: value})
    assert error.value.errors()[0]["loc"] == (field,)


def test_every_kind_says_what_it_is() -> None:
    assert {kind.value for kind in Kind} == {
        "recipient", "content", "credentials", "device", "throttle", "outage", "hang", "drop_before", "drop_after", "slow",
    }  # fmt: skip
