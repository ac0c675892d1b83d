"""Whatever a gateway answers, there is an outcome, and it can be stored."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.outcome import Outcome
from worker.channels.answers import Answer
from worker.channels.whatsapp import fonnte, gowa, waha

IDS = ["id", "_data", "_serialized", "key", "results", "message_id", "process"]
WHY = ["status", "Status", "reason", "detail", "code", "message", "error", "exception", "expected"]
NAMES = st.sampled_from([*IDS, *WHY])
WORDS = st.sampled_from(["SUCCESS", "STARTING", "GATEWAY_TIMEOUT", "INVALID_JID", "true", "no LID found", "token invalid"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | WORDS
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)


@pytest.mark.parametrize("outcome_of", [waha.outcome_of, gowa.outcome_of, fonnte.outcome_of])
@given(document=DOCUMENTS, status=st.sampled_from([200, 201, 301, 400, 401, 404, 422, 429, 500, 503, 504]))
def test_every_document_leads_to_an_outcome(outcome_of: Callable[[Answer], Outcome], document: object, status: int) -> None:
    body = json.dumps(document).encode()
    outcome = outcome_of(Answer(request="POST /send", status=status, headers={}, body=body))
    stored = json.dumps(outcome.detail, ensure_ascii=False)
    assert "\\u0000" not in stored
    assert stored.encode()
    assert outcome.trace is not None
    assert outcome.trace.status == status
