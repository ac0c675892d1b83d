"""Values of the delivery step, as they are when nothing is special about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared import ids
from shared.domain.channels import Channel
from shared.domain.outcome import Sent
from shared.domain.retry import End
from shared.domain.states import KeyStatus, OnUnknown, SendState
from worker.deliver.claim import Claim
from worker.deliver.result import Result

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def claim(**changes: Any) -> Claim:
    """Make the claim of a delivery that every guard lets pass: a text by Telegram."""
    send_id = ids.new_send()
    usual: dict[str, Any] = {
        "id": ids.delivery_of(send_id, 1),
        "send_id": send_id,
        "account_id": ids.new(),
        "claim_id": ids.new(),
        "channel": Channel.TELEGRAM,
        "tier": 0,
        "queue": "send",
        "now": NOW,
        "queued_at": NOW - timedelta(milliseconds=20),
        "attempts": 0,
        "failures": 0,
        "paced": False,
        "target": "42",
        "address": "42",
        "content": {"type": "text", "message": "Hi {{name}}"},
        "template_id": None,
        "template_body": None,
        "template_status": None,
        "template_active": None,
        "send_state": SendState.RUNNING,
        "schedule_at": None,
        "expires_at": None,
        "variables": {"name": "Ann"},
        "deliveries": 1,
        "until": None,
        "request_id": "req_01M7XC8EPCEHFVZ3Z7T6A5DQ50",
        "traceparent": None,
        "key_id": ids.new(),
        "key_status": KeyStatus.ACTIVE,
        "status_code": None,
        "status_reason": None,
        "key_settings": {},
        "credentials": b"",
        "on_unknown": OnUnknown.NEXT_TIER,
        "rate_per_second": None,
        "quota_limit": None,
        "quota_spent": False,
        "suppressed": False,
        "opted_out": False,
        "last_inbound_at": None,
        "observed": False,
    }
    return Claim(**{**usual, **changes})


def template_claim(**changes: Any) -> Claim:
    """Make the claim of a delivery by an approved and active template."""
    usual = {
        "content": None,
        "template_id": 7,
        "template_body": {"type": "text", "message": "Hi {{name}}"},
        "template_status": "approved",
        "template_active": True,
    }
    return claim(**{**usual, **changes})


def result(**changes: Any) -> Result:
    """Make the result of a call that the provider accepted after 100 ms."""
    usual = {
        "claim": claim(),
        "outcome": Sent(provider_message_id="42:1"),
        "decision": End(),
        "seconds": 0.15,
        "called_after": 0.05,
    }
    return Result(**{**usual, **changes})
