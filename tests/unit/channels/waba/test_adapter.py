"""What the channel settles without a call, and what its keys hold."""

import asyncio
import json
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.credentials.waba import WabaCredentials
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent
from tests.integration.channels.loopback import envelope
from tests.integration.channels.samples import message
from worker import channels
from worker.channels.answers import Answer
from worker.channels.waba import errors
from worker.channels.waba.adapter import WabaAdapter, build

KEY = {"phone_number_id": "106540352242922", "access_token": "EAAB-hidden"}
NAMES = st.sampled_from(
    ["error", "code", "error_subcode", "error_data", "details", "message", "messages", "contacts", "id", "wa_id"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.sampled_from([100, 190, 131026, 131053]) | st.text(max_size=8)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)


def test_what_meta_refuses_is_not_sent() -> None:
    outcome = asyncio.run(build().send(envelope(message("text", "")), WabaCredentials.model_validate(KEY), Mock(spec=[])))
    assert outcome == NotSent(code=Code.CONTENT_INVALID, reason="message must not be empty", action=Action.PERMANENT)


def test_channel_finds_its_adapter() -> None:
    assert isinstance(channels.adapter(Channel.WABA), WabaAdapter)


def test_key_is_meta_s_unless_told() -> None:
    credentials = WabaCredentials.model_validate(KEY)
    assert (credentials.base_url, credentials.api_version) == ("https://graph.facebook.com", "v23.0")
    assert "hidden" not in repr(credentials)


def test_key_may_hold_all_that_meta_gives() -> None:
    more = {"app_secret": "hidden", "waba_id": "102290129340398", "api_version": "v26.0", "base_url": "http://127.0.0.1:9/graph"}
    assert "hidden" not in repr(WabaCredentials.model_validate({**KEY, **more}))


@pytest.mark.parametrize(
    "fault",
    [
        {"phone_number_id": ""},
        {"phone_number_id": "1/../2"},
        {"access_token": "a\nb"},
        {"api_version": "23"},
        {"api_version": "v23.0/../x"},
        {"base_url": "graph.facebook.com"},
        {"token": "unknown"},
    ],
)
def test_key_that_cannot_work_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        WabaCredentials.model_validate({**KEY, **fault})
    assert "hidden" not in str(refusal.value)


@given(document=DOCUMENTS, status=st.sampled_from([200, 301, 400, 401, 429, 500, 504]))
def test_every_document_leads_to_an_outcome(document: object, status: int) -> None:
    body = json.dumps(document).encode()
    outcome = errors.outcome_of(Answer(request="POST /send", status=status, headers={}, body=body))
    stored = json.dumps(outcome.detail, ensure_ascii=False)
    assert "\\u0000" not in stored
    assert stored.encode()
    assert outcome.trace is not None
    assert outcome.trace.status == status
