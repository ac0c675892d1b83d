"""What customers hear of receipts and of what people write to them."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from shared import ids
from shared.domain import customer_events, message_errors
from shared.domain.customer_events import CustomerEvent, EventType
from shared.domain.message_errors import MessageError
from shared.domain.receipts import Receipt
from shared.domain.times import rfc3339
from worker.channels.base import Inbound, Report
from worker.deliver.result import storable
from worker.receipts.people import Senders
from worker.receipts.reading import Heard
from worker.receipts.recording import Moved


def of_moved(moved: Moved) -> CustomerEvent:
    """Tell how far a message got: in Meta's words where they are Meta's."""
    report = moved.notice.report
    if report.raw is not None:
        message_id = report.provider_message_id
        dedupe = f"{message_id}:{report.receipt}"
        return CustomerEvent.passed_on(moved.account_id, EventType.MESSAGE_STATUS, message_id, dedupe, storable(report.raw))
    return customer_events.status(
        moved.account_id,
        moved.delivery_id,
        moved.channel,
        moved.target,
        moved.receipt,
        moved.notice.received_at,
        provider_message_id=report.provider_message_id,
        error=_error(report) if moved.receipt is Receipt.FAILED else None,
    )


def _error(report: Report) -> MessageError | None:
    refusal = report.refusal
    return message_errors.of(refusal.code, refusal.reason, refusal.detail) if refusal else None


def of_inbound(webhooks: Sequence[Heard], senders: Senders) -> list[CustomerEvent]:
    """Tell what people wrote, in an order that is the same for all who handle the same webhooks at the same time."""
    return sorted(_received(webhooks, senders), key=lambda event: event.dedupe)


def _received(webhooks: Sequence[Heard], senders: Senders) -> Iterator[CustomerEvent]:
    for heard in webhooks:
        for inbound in heard.news.inbound:
            message_id, kind = inbound.provider_message_id, EventType.MESSAGE_RECEIVED
            key_id = senders.written_to(heard, inbound)[0]
            if inbound.raw is not None:
                dedupe = f"{message_id}:received"
                yield CustomerEvent.passed_on(heard.account_id, kind, message_id, dedupe, storable(inbound.raw))
            else:
                data = {"message": storable(_message(heard, inbound, key_id))}
                dedupe = f"{ids.encode(ids.KEY, key_id)}:{message_id}:received"
                yield CustomerEvent.enveloped(heard.account_id, kind, dedupe, heard.received_at, data)


def _message(heard: Heard, inbound: Inbound, key_id: UUID) -> dict[str, str | None]:
    return {
        "id": inbound.provider_message_id,
        "object": "message",
        "channel": heard.channel,
        "from": inbound.address,
        "key_id": ids.encode(ids.KEY, key_id),
        "type": inbound.kind,
        "text": inbound.text,
        "timestamp": rfc3339(inbound.at),
    }
