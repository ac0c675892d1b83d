"""What the processes count together is what Postgres says became of sends, and all that the dashboard asks for."""

from collections import Counter
from typing import Any

import httpx
import pytest
import sqlalchemy
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from deploy.local.stack import Stack
from shared import ids
from shared.db.tables import attempts, deliveries
from tests import promql
from tests.acceptance.backend import Backend, await_true

Json = dict[str, Any]
Samples = Counter[tuple[str, ...]]

_OUTCOMES = {"sent": "sent", "failed": "not_sent", "unknown": "unknown"}


class _Scrape:
    """Samples by name and the values of their labels, in the order of the labels' names."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.metrics_url

    def families(self) -> dict[str, list[Any]]:
        text = httpx.get(self._url, timeout=20).raise_for_status().text
        return {family.name: family.samples for family in text_string_to_metric_families(text)}

    def samples(self, *names: str) -> Samples:
        found: Samples = Counter()
        for sample in [sample for samples in self.families().values() for sample in samples if sample.name in names]:
            found[sample.name, *(value for _, value in sorted(sample.labels.items()))] += sample.value
        return found


@pytest.fixture
def scrape(stack: Stack) -> _Scrape:
    return _Scrape(stack)


def _send(backend: Backend, tiers: dict[str, int], **faults: str) -> Json:
    """Send over channels of which some fail for this recipient, each in its way."""
    body = backend.send(tiers)
    for channel, kind in faults.items():
        backend.fault(channel, kind, to=body["target"][channel])
    answer = backend.post(body, Prefer="respond-async")
    assert answer.status_code == 202, answer.text
    return backend.ended(answer.json()["id"])


def _recorded(database: sqlalchemy.Engine, send_ids: list[str]) -> Samples:
    """Count what became of some sends, as Postgres has it."""
    theirs = [ids.decode(ids.SEND, each) for each in send_ids]
    found: Samples = Counter()
    with database.connect() as connection:
        rows = connection.execute(
            select(deliveries).where(deliveries.c.send_id.in_(theirs), deliveries.c.state.in_(_OUTCOMES))
        ).all()
        for row in rows:
            found["antar_deliveries_ended_total", row.channel, row.code or "", _OUTCOMES[row.state]] += 1
        channels = {row.id: row.channel for row in rows}
        for call in connection.execute(select(attempts).where(attempts.c.delivery_id.in_(channels))).all():
            found["antar_attempts_total", channels[call.delivery_id], call.code or "", call.outcome] += 1
            found["antar_provider_call_seconds_count", channels[call.delivery_id]] += 1
    return found


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_counted_is_what_was_recorded(backend: Backend, database: sqlalchemy.Engine, scrape: _Scrape) -> None:
    """A retry is a call and ends nothing; each delivery ends once; what was not called is no call."""
    names = ("antar_deliveries_ended_total", "antar_attempts_total", "antar_provider_call_seconds_count")
    before = scrape.samples(*names, "antar_sends_accepted_total", "antar_sends_ended_total", "antar_accept_to_sent_seconds_count")
    sends = [
        *(_send(backend, {"telegram": 0}) for _ in range(3)),
        _send(backend, {"whatsapp": 0, "email": 1}, whatsapp="recipient"),
        _send(backend, {"telegram": 0, "email": 0}, telegram="content"),
        _send(backend, {"waba": 0}, waba="outage"),
        _send(backend, {"waba": 0}, waba="drop_after"),
    ]
    expected = _recorded(database, [send["id"] for send in sends])
    assert expected["antar_attempts_total", "waba", "provider_unavailable", "not_sent"] > 1
    expected.update({("antar_sends_accepted_total", "kirisan"): len(sends)})
    expected.update(("antar_sends_ended_total", send["state"]) for send in sends)
    sent = [key for key in expected.elements() if key[0] == names[0] and key[-1] == "sent"]
    expected.update(("antar_accept_to_sent_seconds_count", channel) for _, channel, *_ in sent)

    def counted() -> bool:
        after = scrape.samples(*{name for name, *_ in expected})
        return +(after - before) == expected

    await_true(counted)


def test_requests_are_counted_but_probes_are_not(stack: Stack, backend: Backend, scrape: _Scrape) -> None:
    before = scrape.samples("antar_http_requests_total", "antar_http_request_seconds_count")
    backend.http.get("/healthz")
    backend.get("/v1/sends?limit=1")
    httpx.request("INVENTED", f"{stack.base_url}/nowhere")
    after = scrape.samples("antar_http_requests_total", "antar_http_request_seconds_count") - before
    assert after["antar_http_requests_total", "GET", "200"] == 1
    assert sum(number for key, number in after.items() if key[:2] == ("antar_http_requests_total", "other")) == 1
    assert (after["antar_http_request_seconds_count", "health"], after["antar_http_request_seconds_count", "none"]) == (0, 1)
    assert not [key for key in after if "INVENTED" in key or "/nowhere" in key]


def test_all_that_is_drawn_and_alerted_on_is_there(scrape: _Scrape) -> None:
    there = {name.removesuffix("_total") for name in scrape.families()}
    asked = {
        promql.family(name).removesuffix("_total") for expression in promql.expressions() for name, _ in promql.metrics(expression)
    }
    assert asked <= there


def test_what_is_the_same_everywhere(backend: Backend, scrape: _Scrape) -> None:
    found = scrape.samples("antar_server_up", "antar_processes", "antar_worker_slots", "antar_queue_due", "antar_queue_tasks")
    assert [found["antar_server_up", server] for server in ("postgres", "broker", "signals")] == [1, 1, 1]
    assert (found["antar_processes", "worker"], found["antar_processes", "api"] > 0) == (3, True)
    assert {key[1] for key in found if key[0] == "antar_worker_slots"} == {"send", "bulk", "events,upkeep"}
    assert {key[1] for key in found if key[0] == "antar_queue_due"} >= {"send", "bulk"}
    assert {key[1] for key in found if key[0] == "antar_queue_tasks"} == {"send", "bulk", "events", "upkeep"}
    assert backend.http.get("/metrics").status_code == 404


def test_the_process_that_serves_is_alive(stack: Stack) -> None:
    answer = httpx.get(stack.metrics_url.replace("/metrics", "/healthz"))
    assert (answer.status_code, answer.text) == (200, "ok\n")
