"""Counts of what became of deliveries: equal to what a look through the deliveries finds, whatever happens to them meanwhile."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import func, select, update

from deploy.local.sandbox import accounts
from deploy.local.stack import Stack
from shared import ids
from shared.db.tables import delivery_changes, templates
from shared.management import statistics
from shared.management.statistics import Period
from tests.acceptance.backend import Backend, await_true, deliveries
from tests.acceptance.openapi import tenants
from tests.acceptance.openapi.tenants import Tenant
from tests.acceptance.test_receipts import signature
from tests.integration import reconciling
from tests.integration.cli import antar

Json = dict[str, Any]


@pytest.fixture(scope="module")
def tenant(stack: Stack, backend: Backend) -> Tenant:
    """An account in whose rows no test has a hand; what its bot may have sent waits for a person."""
    return tenants.make(stack, backend.http, backend.sandbox)


def _today() -> Period:
    now = datetime.now(UTC)
    return statistics.period(now - timedelta(hours=2), now + timedelta(hours=2), now)


def _waba(tenant: Tenant, kind: str | None = None, tiers: dict[str, int] | None = None) -> Json:
    body = tenant.send(tiers or {"waba": 0})
    if kind:
        tenant.fault("waba", kind, to=body["target"]["waba"])
    return tenant.ended(tenant.post(body, Prefer="respond-async").json()["id"])


def _report(tenant: Tenant, send: Json, status: str) -> None:
    """Tell what Meta reports of a send's message."""
    delivery = deliveries(send)["waba"]
    message_id = delivery["provider_message_id"] or f"wamid.{delivery['id']}"
    named = str(ids.decode(ids.DELIVERY, delivery["id"]))
    told = {"id": message_id, "status": status, "biz_opaque_callback_data": named}
    errors = {"errors": [{"code": 131026, "title": "undeliverable"}]} if status == "failed" else {}
    body = json.dumps({"entry": [{"changes": [{"value": {"statuses": [{**told, **errors}]}}]}]}).encode()
    headers = {"X-Hub-Signature-256": signature(body, accounts.APP_SECRET)}
    tenant.http.post(f"/v1/receipts/waba/{tenant.key_ids['waba']}", content=body, headers=headers).raise_for_status()


def _reported(tenant: Tenant, send: Json, status: str, state: str) -> None:
    _report(tenant, send, status)
    await_true(lambda: deliveries(tenant.look_up(send["id"]))["waba"]["state"] == state)


def _decided(tenant: Tenant, decision: str) -> None:
    body = tenant.send({"telegram": 0, "waba": 1})
    tenant.fault("telegram", "drop_after", to=body["target"]["telegram"], times=1)
    send_id = tenant.post(body, Prefer="respond-async").json()["id"]
    await_true(lambda: deliveries(tenant.look_up(send_id))["telegram"]["held"])
    path = f"/v1/deliveries/{deliveries(tenant.look_up(send_id))['telegram']['id']}/{decision}"
    tenant.http.post(path, headers={"Authorization": f"Bearer {tenant.token}"}).raise_for_status()
    tenant.ended(send_id)


def _sent(tenant: Tenant) -> None:
    _waba(tenant)


def _refused(tenant: Tenant) -> None:
    _waba(tenant, "recipient")


def _lost_and_found(tenant: Tenant) -> None:
    _reported(tenant, _waba(tenant, "drop_after"), "delivered", "sent")


def _lost(tenant: Tenant) -> None:
    _waba(tenant, "drop_after")


def _failed_late(tenant: Tenant) -> None:
    send = _waba(tenant, tiers={"waba": 0, "email": 1})
    _reported(tenant, send, "failed", "failed")
    await_true(lambda: deliveries(tenant.look_up(send["id"]))["email"]["state"] == "sent")


def _cascaded(tenant: Tenant) -> None:
    _waba(tenant, "recipient", {"waba": 0, "email": 1})


def _cancelled(tenant: Tenant) -> None:
    assert tenant.delete(f"/v1/sends/{_scheduled(tenant)}").status_code == 200


def _scheduled(tenant: Tenant) -> str:
    moment = int(datetime.now(UTC).timestamp()) + 86_400
    body = {**tenant.send({"waba": 0, "email": 1}), "context": {"timing": {"schedule": moment}}}
    return str(tenant.post(body).json()["id"])


def _released(tenant: Tenant) -> None:
    _decided(tenant, "release")


def _failed_by_hand(tenant: Tenant) -> None:
    _decided(tenant, "fail")


def _confirmed_late(tenant: Tenant) -> None:
    wanting = {"context": {"behaviour": {"until": "delivered", "within": 1}}}
    send = tenant.ended(tenant.post({**tenant.send({"waba": 0, "email": 1}), **wanting}, Prefer="respond-async").json()["id"])
    assert deliveries(send)["waba"]["code"] == "unconfirmed"
    _report(tenant, send, "delivered")
    await_true(lambda: deliveries(tenant.look_up(send["id"]))["waba"]["code"] is None)


_MIX: tuple[Callable[[Tenant], None], ...] = (
    _sent,
    _refused,
    _lost_and_found,
    _lost,
    _failed_late,
    _cascaded,
    _cancelled,
    _released,
    _failed_by_hand,
    _confirmed_late,
)
_ENDINGS = {
    ("sent", None): 1 + 1 + 1 + 1 + 1 + 1 + 2,
    ("failed", "recipient_unreachable"): 1 + 1 + 1,
    ("unknown", "connection_lost"): 1,
    ("cancelled", "cancelled"): 2,
    ("failed", "connection_lost"): 1,
}
"""What the deliveries of the mix end as, in the order of the mix. A fallback that is not needed is skipped, and not counted."""


def test_counts_are_what_a_look_through_the_deliveries_finds_at_any_moment(tenant: Tenant, database: sqlalchemy.Engine) -> None:
    with _compared_all_the_time(tenant, database) as different, ThreadPoolExecutor(len(_MIX)) as people:
        for each in [people.submit(act, tenant) for act in _MIX]:
            each.result()
    assert different == []
    counted, looked_through = reconciling.both(database, _account(tenant), _today())
    assert counted == looked_through
    assert reconciling.endings(counted) == _ENDINGS
    await_true(lambda: _changes(tenant, database) == 0)
    assert reconciling.both(database, _account(tenant), _today()) == (counted, counted)
    _assert_answered(tenant, counted)


@contextmanager
def _compared_all_the_time(tenant: Tenant, database: sqlalchemy.Engine) -> Iterator[list[Any]]:
    """Compare again and again while deliveries end and workers add up; give what was different."""
    over, different = threading.Event(), list[Any]()

    def compare() -> None:
        while not over.wait(0.02):
            counted, looked_through = reconciling.both(database, _account(tenant), _today())
            if counted != looked_through:
                different.append((counted - looked_through, looked_through - counted))

    comparing = threading.Thread(target=compare)
    comparing.start()
    try:
        yield different
    finally:
        over.set()
        comparing.join()


def _account(tenant: Tenant) -> Any:
    return ids.decode(ids.ORGANISATION, tenant.account)


def _changes(tenant: Tenant, database: sqlalchemy.Engine) -> int:
    mine = select(func.count()).select_from(delivery_changes).where(delivery_changes.c.account_id == _account(tenant))
    with database.connect() as connection:
        return connection.execute(mine).scalar_one()


def _assert_answered(tenant: Tenant, counted: reconciling.Counted) -> None:
    data = tenant.get("/v1/stats?group_by=code,channel,state").json()["data"]
    assert {(row["state"], row["code"], row["channel"]): row["count"] for row in data["rows"]} == _by_channel(counted)
    assert data["totals"] == {"sent": 8, "failed": 4, "unknown": 1, "cancelled": 2}
    cancelled = tenant.get("/v1/stats?state=cancelled&channel=waba&group_by=day").json()["data"]
    assert ([row["count"] for row in cancelled["rows"]], cancelled["totals"]["sent"]) == ([1], 0)


def _by_channel(counted: reconciling.Counted) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for (_, channel, _, _, _, state, code), number in counted.items():
        found[state, code, channel] += number
    return found


def test_what_is_replayed_from_quarantine_is_counted_anew(stack: Stack, tenant: Tenant, database: sqlalchemy.Engine) -> None:
    mine = templates.c.id == tenant.templates["waba"]
    with database.begin() as connection:
        body = connection.execute(select(templates.c.body).where(mine)).scalar_one()
        connection.execute(update(templates).where(mine).values(body={**body, "components": [{"type": "BUTTONS", "buttons": [0]}]}))
    send = tenant.ended(tenant.post(tenant.send({"waba": 0}, {"waba": {"template": tenant.templates["waba"]}})).json()["id"])
    assert _of_template(tenant) == {("failed", "internal_error"): 1}
    with database.begin() as connection:
        connection.execute(update(templates).where(mine).values(body=body))
    done = antar.process(stack.environment(), "quarantine", "replay", deliveries(send)["waba"]["id"])
    assert done.returncode == 0, done.stderr
    await_true(lambda: tenant.look_up(send["id"])["state"] == "sent")
    assert _of_template(tenant) == {("sent", None): 1}
    counted, looked_through = reconciling.both(database, _account(tenant), _today())
    assert counted == looked_through


def _of_template(tenant: Tenant) -> dict[tuple[str, str | None], int]:
    path = f"/v1/stats?group_by=state,code&template={tenant.templates['waba']}&key={tenant.key_ids['waba']}"
    return {(row["state"], row["code"]): row["count"] for row in tenant.get(path).json()["data"]["rows"]}


def test_nobody_sees_anothers_counts(tenant: Tenant, backend: Backend) -> None:
    theirs = backend.get(f"/v1/stats?key={tenant.key_ids['waba']}").json()["data"]
    assert (theirs["rows"], set(theirs["totals"].values())) == ([], {0})


def test_requests_are_counted_as_those_of_other_rooms(tenant: Tenant) -> None:
    answer = tenant.http.get("/v1/stats", headers={"Authorization": f"Bearer {tenant.token}"})
    assert int(answer.headers["X-RateLimit-Remaining"]) < int(answer.headers["X-RateLimit-Limit"])


def test_an_operator_sees_all_accounts(stack: Stack, tenant: Tenant) -> None:
    done = antar.process(stack.environment(), "stats", "--by", "account,state", "--json")
    rows = [row for row in json.loads(done.stdout)["rows"] if row["account"] == ids.encode(ids.ACCOUNT, _account(tenant))]
    mine = tenant.get("/v1/stats").json()["data"]["totals"]
    assert {row["state"]: row["count"] for row in rows} == {state: number for state, number in mine.items() if number}


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("from=yesterday", "from"),
        ("from=2026-01-02&until=2026-01-01", "from"),
        ("from=2020-01-01", "from"),
        ("until=9999-12-31T23:30:00Z", "until"),
        ("group_by=hour,weather", "group_by"),
        ("group_by=account", "group_by"),
        ("channel=pigeon", "channel"),
        ("key=cmp_01M7XC8EPCEHFVZ3Z7T6A5DQ51", "key"),
        ("campaign=1", "campaign"),
        ("template=0", "template"),
        ("template=99999999999999999999", "template"),
        ("state=running", "state"),
        ("code=none", "code"),
    ],
)
def test_what_is_wrong_is_named(tenant: Tenant, query: str, param: str) -> None:
    answer = tenant.get(f"/v1/stats?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
