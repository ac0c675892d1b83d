"""Every metric there is, with what it means and its unit.

Those that processes count are added up over all of them; one that ends leaves what it has counted, but nothing of what it merely
was. Those at the end are looked up by whoever is asked for ``/metrics``, and are the same wherever that is: where several machines
serve them, take ``max without (instance)``.

Labels have values of closed lists only: no id, name or address, and nothing that a client can make up.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.db.tables.sends import DIALECTS
from shared.domain.states import FINAL_SENDS
from shared.figures import folder
from shared.figures.seen import Seen

NOT_KEPT: Final = folder.begin()
"""Why this process counts in its memory only, although it was told to count in a folder."""
REGISTRY: Final = CollectorRegistry()
"""What this process counts. Flower has metrics of its own in the library's."""

_QUICK: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_PATIENT: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
OTHER: Final = "other"
"""What a client has made up."""
WHAT_IS_RECOVERED: Final = ("expired_claims", "stranded_sends", "deliveries", "receipts", "webhooks", "outcomes_on_disk")


def _counter(name: str, text: str, *labels: str, begins: Iterable[str] = ()) -> Counter:
    """Make a counter. What it begins with is there from the start, at 0, so that the first of its kind is seen as one."""
    counter = Counter(name, text, labels, registry=REGISTRY)
    for value in begins:
        counter.labels(value)
    return counter


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    """Make a gauge: the sum over the processes that live."""
    return Gauge(name, text, labels, registry=REGISTRY, multiprocess_mode="livesum")


def _histogram(name: str, text: str, *labels: str, bounds: Sequence[float]) -> Histogram:
    return Histogram(name, text, labels, registry=REGISTRY, buckets=bounds)


HTTP_REQUESTS: Final = _counter("antar_http_requests_total", "Requests that the api has answered.", "method", "status")
HTTP_REQUEST_SECONDS: Final = _histogram(
    "antar_http_request_seconds",
    "Seconds from a request to its answer, by the part of the api; those that wait for an outcome take as long as it does.",
    "room",
    bounds=_QUICK,
)
INTAKE_SECONDS: Final = _histogram(
    "antar_intake_seconds", "Seconds from a send that was found to be valid to its commit in Postgres.", bounds=_QUICK
)
SENDS_ACCEPTED: Final = _counter(
    "antar_sends_accepted_total",
    "Sends that were committed; those of dialect campaign were made of recipients.",
    "dialect",
    begins=DIALECTS,
)
SENDS_REFUSED: Final = _counter(
    "antar_sends_refused_total",
    "Sends that were refused with 503 although nothing was wrong with them: too many wait, or Postgres is away.",
    "reason",
    begins=("overloaded", "database_away"),
)
SENDS_ENDED: Final = _counter(
    "antar_sends_ended_total",
    "Sends whose last step was recorded, by the state they ended in. One that runs again and ends otherwise counts again.",
    "state",
    begins=sorted(FINAL_SENDS),
)
DELIVERIES_ENDED: Final = _counter(
    "antar_deliveries_ended_total",
    "Deliveries whose outcome was recorded and is not tried again. outcome is sent, not_sent or unknown; code says why.",
    "channel",
    "outcome",
    "code",
)
DELIVERIES_CORRECTED: Final = _counter(
    "antar_deliveries_corrected_total",
    "Deliveries that turned out to have ended otherwise than was recorded, by a receipt or a late answer, and how.",
    "channel",
    "outcome",
)
ATTEMPTS: Final = _counter(
    "antar_attempts_total",
    "Calls to providers whose outcome was recorded, those that are tried again included.",
    "channel",
    "outcome",
    "code",
)
PROVIDER_CALL_SECONDS: Final = _histogram(
    "antar_provider_call_seconds", "Seconds that calls to providers took.", "channel", bounds=_QUICK
)
CLAIM_TO_RESULT_SECONDS: Final = _histogram(
    "antar_claim_to_result_seconds", "Seconds from the claim of a delivery to its outcome.", "channel", bounds=_QUICK
)
ACCEPT_TO_SENT_SECONDS: Final = _histogram(
    "antar_accept_to_sent_seconds",
    "Seconds from the acceptance of a send, or from the time for which it was scheduled, until a provider took its message.",
    "channel",
    bounds=_PATIENT,
)
PACING_WAIT_SECONDS: Final = _histogram(
    "antar_pacing_wait_seconds",
    "Seconds that deliveries had to wait for their turn, those that had to.",
    "channel",
    bounds=_PATIENT,
)
RECOVERED: Final = _counter(
    "antar_recovered_total",
    "What recovery found left lying: calls whose worker was lost (expired_claims), sends nobody moved (stranded_sends), tasks that"
    " were published again (deliveries, receipts, webhooks), outcomes that a worker left on disk (outcomes_on_disk).",
    "what",
    begins=WHAT_IS_RECOVERED,
)
WEBHOOK_POSTS: Final = _counter(
    "antar_webhook_posts_total",
    "Attempts to post webhooks to customers: delivered, failed (to be tried again) or dead (given up).",
    "outcome",
    begins=("delivered", "failed", "dead"),
)

POOL_CONNECTIONS: Final = _gauge(
    "antar_pool_connections", "Connections to Postgres of all processes: used, idle, and most (how many they may have).", "state"
)
POOLS_EXHAUSTED: Final = _gauge(
    "antar_pools_exhausted", "Processes whose connections to Postgres were all in use when last looked."
)
WORKER_SLOTS: Final = _gauge(
    "antar_worker_slots", "Tasks that workers of these queues can run at once (most), and run (busy).", "queues", "state"
)
PROCESSES: Final = _gauge("antar_processes", "Processes that live, by what they are: api or worker.", "kind")

SERVER_UP: Final = Seen(
    name="antar_server_up",
    text="Whether a server answers (1) or not (0): postgres, broker, or signals, the Redis of wake-ups.",
    labels=("server",),
)
QUEUE_TASKS: Final = Seen(name="antar_queue_tasks", text="Tasks in the broker that no worker has taken yet.", labels=("queue",))
QUEUE_UNTOUCHED: Final = Seen(
    name="antar_queue_untouched_seconds",
    text="Seconds for which tasks wait in a queue and no worker has taken any; 0 when none wait.",
    labels=("queue",),
)
QUEUE_DUE: Final = Seen(
    name="antar_queue_due", text="Deliveries that are due and not claimed, counted up to 100000 in all.", labels=("queue",)
)
QUEUE_OLDEST: Final = Seen(
    name="antar_queue_oldest_seconds", text="Seconds for which the oldest of them has been due.", labels=("queue",)
)
DELIVERIES_HELD: Final = Seen(name="antar_deliveries_held", text="Deliveries with an unknown outcome that wait for a person.")
DELIVERIES_QUARANTINED: Final = Seen(
    name="antar_deliveries_quarantined", text="Deliveries that antar's own code failed at and nobody has replayed."
)
WEBHOOKS_WAITING: Final = Seen(name="antar_webhooks_waiting", text="Webhooks to customers that are due and not being posted.")
WEBHOOKS_OLDEST: Final = Seen(name="antar_webhooks_oldest_seconds", text="Seconds for which the oldest of them has been due.")
INBOX_WAITING: Final = Seen(name="antar_inbox_waiting", text="Webhooks of providers that wait to be handled.")
KEYS: Final = Seen(
    name="antar_keys",
    text="Channel keys by channel, status, and the code for which they do not send.",
    labels=("channel", "status", "code"),
)
CAMPAIGNS: Final = Seen(name="antar_campaigns", text="Campaigns by their state.", labels=("state",))
SEEN: Final = (
    SERVER_UP,
    QUEUE_TASKS,
    QUEUE_UNTOUCHED,
    QUEUE_DUE,
    QUEUE_OLDEST,
    DELIVERIES_HELD,
    DELIVERIES_QUARANTINED,
    WEBHOOKS_WAITING,
    WEBHOOKS_OLDEST,
    INBOX_WAITING,
    KEYS,
    CAMPAIGNS,
)
"""All that is looked up."""
