"""The templates of business numbers are kept as Meta has them, and what is submitted is made there."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from deploy.local.sandbox import accounts as sandbox
from deploy.local.sandbox import events
from deploy.local.stack import Stack
from shared import ids, queues
from shared.db.tables import channel_keys, templates
from shared.domain.channels import Channel
from shared.management import keys
from tests.integration.channels.loopback import Provider, Reply, serving
from tests.integration.worker.conftest import Desk, later, until
from tests.integration.worker.heard import handle, store
from worker import templates as meta
from worker.channels.waba.templates import Catalogue

Json = dict[str, Any]
_BODY = {"type": "BODY", "text": "Halo {{1}}"}


def listed(name: str, status: str = "APPROVED", **fields: Any) -> Json:
    """Give a template as Meta lists it."""
    number = str(int.from_bytes(name.encode(), "big"))
    return {"id": number, "name": name, "status": status, "category": "UTILITY", "language": "id", "components": [_BODY], **fields}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A WhatsApp Business account at Meta, and the key that reads its templates."""

    desk: Desk
    key_id: UUID
    sandbox: httpx.Client
    number: str = field(default_factory=lambda: str(ids.new().int)[:15])

    def has(self, *wanted: Json) -> None:
        self.sandbox.put(f"/_sandbox/templates/{self.number}", json={"templates": wanted}).raise_for_status()

    def at_meta(self) -> list[Json]:
        found: list[Json] = self.sandbox.get(f"/_sandbox/templates/{self.number}").json()["templates"]
        return found

    def sync(self) -> meta.Trouble | None:
        trouble: meta.Trouble | None = self.desk.runtime.run(sync(self.desk, self.key_id))
        return trouble

    def reads(self, *wanted: Json) -> dict[str, Json]:
        """Let Meta have these and read them."""
        self.has(*wanted)
        assert self.sync() is None
        return self.kept()

    def kept(self) -> dict[str, Json]:
        with self.desk.database.connect() as connection:
            rows = connection.execute(select(templates).where(templates.c.key_id == self.key_id).order_by(templates.c.id))
            return {row["name"]: dict(row) for row in rows.mappings()}

    def add(self, name: str, status: str, **columns: Any) -> int:
        body = {"name": name, "language": "id", "components": [_BODY], **columns.pop("body", {})}
        owner = {"account_id": self.desk.account_id, "channel": "waba", "key_id": self.key_id}
        values = {**owner, "name": name, "language": "id", "body": body, "status": status, "category": "UTILITY", **columns}
        with self.desk.database.begin() as connection:
            return int(connection.execute(insert(templates).values(values).returning(templates.c.id)).scalar_one())

    def set(self, template_id: int, **columns: Any) -> None:
        with self.desk.database.begin() as connection:
            connection.execute(update(templates).where(templates.c.id == template_id).values(**columns))

    def key(self) -> Json:
        with self.desk.database.connect() as connection:
            return dict(connection.execute(select(channel_keys).where(channel_keys.c.id == self.key_id)).mappings().one())

    def is_due(self, seconds: float = -1, **columns: Any) -> None:
        with self.desk.database.begin() as connection:
            due = update(channel_keys).where(channel_keys.c.id == self.key_id)
            connection.execute(due.values(templates_due_at=later(seconds), **columns))

    def comes_alone(self) -> None:
        """Give the numbers of other tests a time that does not come: so many are not taken at once."""
        with self.desk.database.begin() as connection:
            connection.execute(update(channel_keys).where(channel_keys.c.id != self.key_id).values(templates_due_at=later(86_400)))


async def sync(desk: Desk, key_id: UUID) -> meta.Trouble | None:
    return await meta.sync_now(desk.process.engine, desk.process.wires, key_id)


async def sync_due(desk: Desk) -> None:
    await meta.sync_due(desk.process.engine, desk.process.wires)


def new_key(desk: Desk, credentials: Json) -> UUID:
    with desk.database.begin() as connection:
        return keys.create(connection, desk.account_id, Channel.WABA, "number", credentials)[0].id


@pytest.fixture
def account(desk: Desk, stack: Stack) -> Iterator[Account]:
    number = str(ids.new().int)[:15]
    key_id = new_key(desk, {**sandbox.waba(stack.sandbox_url, 77), "waba_id": number})
    with httpx.Client(base_url=stack.sandbox_url) as client:
        yield Account(desk=desk, key_id=key_id, sandbox=client, number=number)


def standing(template: Json) -> tuple[str, bool, str | None]:
    return template["status"], template["active"], template["status_reason"]


def test_what_meta_has_is_kept_here(account: Account) -> None:
    kept = account.reads(
        listed("first", quality_score={"score": "YELLOW", "date": 1}), listed("second", "REJECTED", rejected_reason="SCAM")
    )
    assert [standing(each) for each in kept.values()] == [
        ("approved", True, None),
        ("rejected", True, "Meta has rejected it: SCAM"),
    ]
    first = kept["first"]
    assert (first["category"], first["quality"], first["provider_id"]) == ("UTILITY", "YELLOW", listed("first")["id"])
    assert (first["language"], first["account_id"]) == ("id", account.desk.account_id)
    assert first["body"] == {
        "name": "first",
        "language": "id",
        "parameterFormat": "positional",
        "variables": [],
        "components": [_BODY],
    }
    assert account.key()["templates_synced_at"] == first["synced_at"]
    assert account.key()["templates_error"] is None


def test_what_has_changed_is_changed_and_the_rest_is_not(account: Account) -> None:
    before = account.reads(listed("changes"), listed("stays"))
    longer = {"type": "BODY", "text": "Halo {{1}}, {{2}}"}
    after = account.reads(listed("changes", components=[longer]), listed("stays"))
    assert [each["id"] for each in after.values()] == [each["id"] for each in before.values()]
    assert after["changes"]["body"]["components"] == [longer]
    assert after["changes"]["updated_at"] > before["changes"]["updated_at"]
    assert after["stays"]["updated_at"] == before["stays"]["updated_at"]
    assert after["stays"]["synced_at"] > before["stays"]["synced_at"]


def test_what_an_author_has_named_outlasts_what_meta_says(account: Account) -> None:
    own = {"variables": ["name"], "parameter_format": "positional"}
    template_id = account.add("named", "draft", body=own)
    kept = account.reads(listed("named"))["named"]
    assert (kept["id"], kept["body"]["variables"]) == (template_id, ["name"])
    assert standing(kept) == ("approved", True, None)


def test_what_meta_has_no_more_is_switched_off_and_comes_back(account: Account) -> None:
    known = account.reads(listed("approved"), listed("waiting", "PENDING"), listed("other"))
    gone = account.reads(listed("other"))
    assert standing(gone["approved"]) == ("approved", False, "Meta has it no more")
    assert standing(gone["waiting"]) == ("rejected", True, "Meta has it no more")
    assert standing(gone["other"]) == ("approved", True, None)
    back = account.reads(listed("approved"), listed("waiting"), listed("other"))
    assert [standing(each) for each in back.values()] == [("approved", True, None)] * 3
    assert [each["id"] for each in back.values()] == [each["id"] for each in known.values()]


@pytest.mark.parametrize("status", ["PAUSED", "DISABLED", None])
def test_what_an_author_has_switched_off_stays_off(account: Account, status: str | None) -> None:
    template_id = account.reads(listed("off"))["off"]["id"]
    account.set(template_id, active=False)
    assert standing(account.reads(*([listed("off", status)] if status else []))["off"]) == ("approved", False, None)
    assert standing(account.reads(listed("off"))["off"]) == ("approved", False, None)


def test_what_meta_has_paused_comes_back_by_itself(account: Account) -> None:
    account.reads(listed("tired"))
    assert standing(account.reads(listed("tired", "PAUSED"))["tired"]) == ("approved", False, "Meta has paused it for its quality")
    assert standing(account.reads(listed("tired"))["tired"]) == ("approved", True, None)


def test_a_status_that_nobody_knows_leaves_a_template_as_it_stands(account: Account) -> None:
    account.reads(listed("known"))
    kept = account.reads(listed("known", "NEWLY_MADE_UP"), listed("new", "NEWLY_MADE_UP"))
    assert standing(kept["known"]) == ("approved", True, None)
    assert standing(kept["new"]) == ("pending", True, None)


def test_every_page_is_read(account: Account) -> None:
    many = [listed(f"page_{number}") for number in range(250)]
    assert list(account.reads(*many)) == [each["name"] for each in many]
    assert standing(account.reads(*many[:-1])["page_249"]) == ("approved", False, "Meta has it no more")


def test_one_that_cannot_be_kept_keeps_no_other(account: Account) -> None:
    account.reads(listed("fine"), listed("odd"))
    broken = {**listed("odd"), "components": [{"type": "BODY", "text": "a\0b"}]}
    kept = account.reads(broken, listed("fine"), {"id": "7"}, {})
    assert [standing(each) for each in kept.values()] == [("approved", True, None)] * 2


def test_two_at_once_make_nothing_twice(account: Account) -> None:
    account.has(*(listed(f"both_{number}") for number in range(20)))

    async def scenario() -> None:
        await asyncio.gather(*(sync(account.desk, account.key_id) for _ in range(4)))

    account.desk.runtime.run(scenario())
    with account.desk.database.connect() as connection:
        names = connection.execute(select(templates.c.name).where(templates.c.key_id == account.key_id)).scalars().all()
    assert sorted(names) == sorted(f"both_{number}" for number in range(20))


def test_what_was_asked_earlier_is_not_written_over_what_was_asked_later(account: Account) -> None:
    account.reads(listed("new_wording", components=[{"type": "BODY", "text": "new"}]))
    with account.desk.database.begin() as connection:
        asked_later = update(channel_keys).where(channel_keys.c.id == account.key_id).values(templates_synced_at=later(60))
        connection.execute(asked_later)
    kept = account.reads(listed("new_wording", components=[{"type": "BODY", "text": "old"}]))
    assert kept["new_wording"]["body"]["components"] == [{"type": "BODY", "text": "new"}]


def test_what_is_submitted_is_made_at_meta(account: Account) -> None:
    account.has()
    own = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}
    template_id = account.add("mine", "pending", body={"components": [{**own, "link": "https://cdn.example/a.jpg"}, _BODY]})
    account.add("mine_not_yet", "draft")
    assert account.sync() is None
    (made,) = account.at_meta()
    assert (made["name"], made["status"], made["components"]) == ("mine", "PENDING", [own, _BODY])
    kept = account.kept()["mine"]
    assert (kept["id"], kept["provider_id"], standing(kept)) == (template_id, made["id"], ("pending", True, None))
    approved = account.reads({**made, "status": "APPROVED"})["mine"]
    assert standing(approved) == ("approved", True, None)
    assert approved["body"]["components"][0]["link"] == "https://cdn.example/a.jpg"


def test_what_meta_does_not_take_is_rejected_with_its_reason(account: Account) -> None:
    account.has()
    account.add("Bad Name", "pending")
    account.add("fine", "pending")
    assert account.sync() is None
    kept = account.kept()
    assert standing(kept["Bad Name"])[0] == "rejected"
    assert "name must have lowercase letters" in kept["Bad Name"]["status_reason"]
    assert kept["fine"]["provider_id"] is not None


def with_meta(desk: Desk, replies: list[Reply], look: Callable[[Provider, UUID], Any], **changes: Any) -> meta.Trouble | None:
    """Read the templates of a number whose provider answers so, and look at what came of it before that is gone."""

    async def scenario() -> meta.Trouble | None:
        async with serving(*replies) as provider:
            key_id = new_key(desk, {**sandbox.waba(provider.base_url, 78), "base_url": provider.base_url, **changes})
            trouble = await sync(desk, key_id)
            look(provider, key_id)
            return trouble

    found: meta.Trouble | None = desk.runtime.run(scenario())
    return found


def refused(status: int, code: int, **more: Any) -> Reply:
    return Reply(status, {"error": {"message": f"(#{code}) no", "type": "OAuthException", "code": code, **more}})


@pytest.mark.parametrize(
    ("reply", "code", "soon"),
    [
        (refused(401, 190), "credentials_rejected", False),
        (refused(400, 100, error_subcode=33), "credentials_rejected", False),
        (refused(403, 200), "credentials_rejected", False),
        (refused(429, 80007), "throttled", True),
        (refused(503, 2), "provider_unavailable", True),
        (Reply(200, {"data": "none"}), "answer_unreadable", True),
        (Reply(200, "<html>"), "answer_unreadable", True),
        (Reply(502, "bad gateway"), "provider_unavailable", True),
    ],
)
def test_an_answer_that_is_no_list_changes_nothing_and_is_told(desk: Desk, reply: Reply, code: str, soon: bool) -> None:  # noqa: FBT001
    seen: list[Json] = []

    def look(_: Provider, key_id: UUID) -> None:
        seen.append(Account(desk=desk, key_id=key_id, sandbox=httpx.Client()).key())

    trouble = with_meta(desk, [reply], look)
    assert trouble is not None
    assert trouble.code == code
    (key,) = seen
    assert key["templates_error"].startswith(f"{code}: ")
    assert (key["status"], key["templates_synced_at"]) == ("active", None)
    assert (key["templates_due_at"] or later(0)) <= later(301 if soon else 3601)


def test_a_list_that_breaks_off_retires_nothing(desk: Desk) -> None:
    more = {"cursors": {"after": "MQ"}, "next": "https://graph.facebook.com/next"}
    replies = [Reply(200, {"data": [listed("only")], "paging": more}), refused(500, 2)]
    assert with_meta(desk, replies, lambda _provider, key_id: _written(desk, key_id, [])) is not None


@pytest.mark.parametrize(
    ("page", "calls"),
    [({"data": [], "padding": "x" * 1_000_000}, 17), ({"data": [{}] * 5000}, 3)],
)
def test_a_list_that_no_memory_holds_is_given_up(desk: Desk, page: Json, calls: int) -> None:
    paged = [{**page, "paging": {"cursors": {"after": f"c{number}"}, "next": "x"}} for number in range(calls + 1)]
    seen: list[int] = []
    trouble = with_meta(desk, [Reply(200, each) for each in paged], lambda provider, _: seen.append(len(provider.calls)))
    assert trouble is not None
    assert (trouble.reason, seen) == ("Meta's list of templates does not end", [calls])


def test_a_list_without_an_end_is_given_up(desk: Desk) -> None:
    replies = [Reply(200, {"data": [], "paging": {"cursors": {"after": f"c{number % 2}"}, "next": "x"}}) for number in range(102)]
    trouble = with_meta(desk, replies, lambda provider, _: None if len(provider.calls) == 100 else pytest.fail("asked on"))
    assert trouble is not None
    assert trouble.reason == "Meta's list of templates does not end"


def test_what_is_asked_of_meta(desk: Desk) -> None:
    calls: list[Any] = []
    with_meta(desk, [Reply(200, {"data": []})], lambda provider, _: calls.extend(provider.calls))
    (call,) = calls
    assert (call.method, call.path) == ("GET", f"/v23.0/{sandbox.WABA_ID}/message_templates")
    assert call.headers["authorization"] == "Bearer sandbox-meta-78"
    assert call.query["limit"] == "100"
    assert {"name", "language", "status", "components", "quality_score"} <= set(call.query["fields"].split(","))


def test_a_key_that_names_no_account_says_so(desk: Desk) -> None:
    asked: list[Any] = []
    trouble = with_meta(desk, [Reply(200, {})], lambda provider, _: asked.extend(provider.calls), waba_id=None)
    assert trouble is not None
    assert (trouble.reason, asked) == ("the key's credentials name no waba_id", [])


def _written(desk: Desk, key_id: UUID, names: list[str]) -> None:
    assert list(Account(desk=desk, key_id=key_id, sandbox=httpx.Client()).kept()) == names


def test_only_those_whose_time_has_come_are_read(account: Account) -> None:
    account.comes_alone()
    account.has(listed("due"))
    account.desk.runtime.run(sync_due(account.desk))
    assert account.kept() == {}
    assert later(1700) < account.key()["templates_due_at"] < later(3700)
    account.is_due(60)
    account.desk.runtime.run(sync_due(account.desk))
    account.is_due(status="revoked")
    account.desk.runtime.run(sync_due(account.desk))
    assert account.kept() == {}
    account.is_due(status="active")
    account.desk.runtime.run(sync_due(account.desk))
    assert list(account.kept()) == ["due"]
    assert later(3500) < account.key()["templates_due_at"] < later(3700)


def test_a_webhook_lets_them_be_read_at_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[str] = []
    monkeypatch.setattr(queues, "publish_sync", lambda: published.append("sync"))
    account.is_due(3000)
    told = events.template_status(account.number, {**listed("told"), "id": "7"}, "15550")
    handle(account.desk, store(account.desk, account.key_id, told.body, "waba"))
    assert account.key()["templates_due_at"] <= later(0)
    assert published == ["sync"]


def test_what_was_asked_for_meanwhile_is_not_put_off(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = later(-1)

    async def catalogue(*_: Any) -> Catalogue:
        account.is_due(templates_synced_at=None)
        return Catalogue(listed=(), ids=frozenset())

    monkeypatch.setattr("worker.channels.waba.templates.catalogue", catalogue)
    account.is_due(-5)
    account.desk.runtime.run(sync_due(account.desk))
    assert asked <= account.key()["templates_due_at"] <= later(0)


def test_a_number_that_somebody_holds_is_waited_for(account: Account) -> None:
    account.has(listed("held"))
    account.is_due()

    async def scenario() -> None:
        hold = account.desk.database.connect()
        hold.execute(select(channel_keys.c.id).where(channel_keys.c.id == account.key_id).with_for_update())
        reading = asyncio.create_task(sync_due(account.desk))
        await until(account.desk.somebody_waits_for_a_lock)
        hold.close()
        await asyncio.wait_for(reading, 30)

    account.desk.runtime.run(scenario())
    assert list(account.kept()) == ["held"]


def test_what_is_in_the_way_is_logged_by_its_code(desk: Desk) -> None:
    async def scenario() -> UUID:
        async with serving(refused(401, 190)) as provider:
            key_id = new_key(desk, {**sandbox.waba(provider.base_url), "base_url": provider.base_url})
            with desk.database.begin() as connection:
                connection.execute(update(channel_keys).where(channel_keys.c.id == key_id).values(templates_due_at=later(-1)))
            await sync_due(desk)
            return key_id

    with capture_logs() as lines:
        key_id: UUID = desk.runtime.run(scenario())
    told = {"key": ids.encode(ids.KEY, key_id), "code": "credentials_rejected", "provider_code": 190}
    assert {"event": "template.sync_failed", "log_level": "info", **told} in lines
