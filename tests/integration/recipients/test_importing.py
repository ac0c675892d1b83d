"""A file becomes recipients, all of them or none."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import ids, storage
from shared.domain.campaigns import CampaignState
from shared.domain.channels import Channel
from shared.management.campaigns import importing
from shared.management.campaigns.importing import Imported, UnderWay
from shared.management.campaigns.readers import Format, Unreadable
from shared.management.errors import TooLate
from tests.integration.recipients.conftest import Office
from worker.campaigns import importing as tasks
from worker.runtime.shutdown import Stopping

_NAMELESS = "the Telegram message needs the variable 'name': column 'name' is empty"
_PEOPLE = "telegram,name\n41,Ann\n42,Bob\n041,Cid\n 41 ,Dan\n43,\n42,Eve\n"


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_BATCH", 1000)


def _numbered(count: int) -> Iterator[bytes]:
    yield b"telegram,name\n"
    for number in range(1, count + 1):
        yield f"{number},Ann\n".encode()


def test_each_row_is_a_recipient_or_says_why_it_is_none(office: Office) -> None:
    campaign = office.campaign()
    assert office.fill(campaign, _PEOPLE) == Imported(rows=6, refused=2, duplicates=2)
    assert office.rows(campaign, "position", "state", "addresses", "variables", "reason") == [
        (1, "pending", {"telegram": "41"}, {"name": "Ann"}, None),
        (2, "pending", {"telegram": "42"}, {"name": "Bob"}, None),
        (3, "refused", {}, {"telegram": "041", "name": "Cid"}, "invalid Telegram target in column 'telegram'"),
        (4, "duplicate", {"telegram": "41"}, {"name": "Dan"}, "same recipient as row 1"),
        (
            5,
            "refused",
            {},
            {"telegram": "43", "name": ""},
            "the Telegram message needs the variable 'name': column 'name' is empty",
        ),
        (6, "duplicate", {"telegram": "42"}, {"name": "Eve"}, "same recipient as row 2"),
    ]
    filled = office.load(campaign)
    assert (filled.state, filled.rows, filled.refused, filled.duplicates) == (CampaignState.DRAFT, 6, 2, 2)
    assert (filled.source_name, filled.source_format) == ("people", "csv")


def test_what_a_template_needs_is_known_when_the_file_is_read(office: Office) -> None:
    template = office.template(Channel.EMAIL, {"subject": "Hi {{name}}", "html": "<p>{{code}}</p>"})
    campaign = office.campaign(
        office.planned(Channel.EMAIL, content=None, template_id=template), variables={"name": "name", "code": "number"}
    )
    assert office.fill(campaign, "email,name,number\na@b.example,Ann,\nc@b.example,Cid,7\n").refused == 1
    assert office.rows(campaign, "reason")[0] == ("the Email message needs the variable 'code': column 'number' is empty",)


def test_a_recipient_keeps_what_can_be_reached_and_its_own_time_zone(office: Office) -> None:
    campaign = office.campaign(office.planned(Channel.WHATSAPP), office.planned(Channel.EMAIL, 1), time_zone="zone")
    office.fill(campaign, "whatsapp,email,name,zone\n+31 6 12345678,nobody,Ann,\n,A@B.Example,Bob,Asia/Tokyo\n")
    assert office.rows(campaign, "targets", "addresses", "time_zone") == [
        (
            {"whatsapp": "+31 6 12345678", "email": "nobody"},
            {"whatsapp": "31612345678", "email": None},
            "Europe/Amsterdam",
        ),
        ({"email": "A@B.Example"}, {"email": "A@b.example"}, "Asia/Tokyo"),
    ]


def test_equal_hashes_of_unequal_addresses_are_no_duplicates(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.domain.rows._fingerprint", lambda _: 7)
    campaign = office.campaign()
    assert office.fill(campaign, "telegram,name\n1,a\n2,b\n1,c\n").duplicates == 1


def test_what_no_message_could_reach_makes_nobody_somebody_else(office: Office) -> None:
    campaign = office.campaign(office.planned(Channel.WHATSAPP), office.planned(Channel.EMAIL, 1))
    content = "whatsapp,email,name\n+31612345678,,Ann\n+31612345678,nobody,Ann\n+31612345678,a@b.example,Ann\n"
    assert office.fill(campaign, content).duplicates == 1
    assert office.rows(campaign, "state") == [("pending",), ("duplicate",), ("pending",)]


def test_another_file_takes_the_place_of_the_first(office: Office) -> None:
    campaign = office.campaign()
    office.fill(campaign, _PEOPLE)
    line = '{"telegram": 77, "name": "Zoe"}\n'
    assert office.fill(campaign, line, Format.JSON_LINES) == Imported(rows=1, refused=0, duplicates=0)
    assert office.rows(campaign, "position", "targets") == [(1, {"telegram": "77"})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        ("telegram,name\n", "the file has no rows below its header"),
        ("telegram,nome\n1,Ann\n", "the file has no column 'name'"),
        ('telegram,name\n1,Ann\n2,"Bob\n3,Cid\n', "line 4: unexpected end of data: a quote may have been opened and not closed"),
        ("telegram,name\n" + "1,Ann\n" * 5001, "the file has more than 5000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_campaign_and_leaves_it_empty(office: Office, content: str, reason: str) -> None:
    campaign = office.campaign()
    office.fill(campaign, _PEOPLE)
    with pytest.raises(Unreadable) as raised:
        office.fill(campaign, content)
    failed = office.load(campaign)
    assert (failed.state, failed.state_reason, failed.rows) == (CampaignState.FAILED, reason, 0)
    assert str(raised.value) == reason
    assert office.rows(campaign, "position") == []
    assert office.fill(campaign, _PEOPLE).rows == 6
    assert office.load(campaign).state_reason is None


def test_an_import_that_dies_leaves_all_as_it_was_and_can_be_repeated(office: Office) -> None:
    campaign = office.campaign()
    office.fill(campaign, _PEOPLE)
    begun = office.begin(campaign)

    def die_in_the_middle(rows: int) -> None:
        if rows == 2000:
            with office.database.begin() as connection:
                killed = connection.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY campaign_recipients%'")
                ).scalars()
                assert list(killed) == [True]

    with pytest.raises((psycopg.OperationalError, DBAPIError)):
        importing.read_rows(begun, _numbered(4000), die_in_the_middle)
    assert len(office.rows(campaign, "position")) == 6
    assert office.load(campaign).state is CampaignState.IMPORTING
    assert importing.read_rows(begun, _numbered(4000)) == Imported(rows=4000, refused=0, duplicates=0)


def test_of_two_that_read_one_file_one_does(office: Office) -> None:
    begun = office.begin(office.campaign())
    reached, go_on = threading.Event(), threading.Event()

    def wait(_rows: int) -> None:
        reached.set()
        assert go_on.wait(30)

    first = threading.Thread(target=importing.read_rows, args=(begun, _numbered(1500), wait))
    first.start()
    assert reached.wait(30)
    with pytest.raises(UnderWay):
        importing.read_rows(begun, _numbered(1500))
    go_on.set()
    first.join(30)
    with pytest.raises(TooLate):
        importing.read_rows(begun, _numbered(1500))
    assert office.load(begun).rows == 1500


@pytest.mark.parametrize("state", sorted(set(CampaignState) - importing.REPLACEABLE))
def test_only_a_draft_or_what_failed_takes_a_file(office: Office, state: CampaignState) -> None:
    campaign = office.campaign()
    office.change(campaign, state=state.value)
    with pytest.raises(TooLate, match=f"a campaign that is {state} takes no file"):
        office.begin(campaign)


class TestTask:
    """What a worker does."""

    def test_reads_the_stored_file_once(self, office: Office) -> None:
        begun = office.begin(office.campaign())
        storage.save(begun.source or "", [_PEOPLE.encode()])
        for _ in range(2):
            tasks.read_files(Stopping(), [begun.id, ids.new()])
        assert office.load(begun).rows == 6

    def test_says_that_a_file_is_gone(self, office: Office) -> None:
        begun = office.begin(office.campaign())
        tasks.read_files(Stopping(), [begun.id])
        assert office.load(begun).state_reason == "the file is not there any more: upload it again"

    def test_leaves_a_file_to_others_when_its_process_ends(self, office: Office) -> None:
        begun, stopping = office.begin(office.campaign()), Stopping()
        storage.save(begun.source or "", _numbered(3000))
        stopping.set()
        tasks.read_files(stopping, [begun.id])
        assert office.load(begun).state is CampaignState.IMPORTING
        assert office.rows(begun, "position") == []

    def test_does_not_meet_its_own_bug_again_and_again(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        begun = office.begin(office.campaign())
        storage.save(begun.source or "", [_PEOPLE.encode()])
        monkeypatch.setattr("shared.domain.rows.read", lambda *_: 1 / 0)
        tasks.read_files(Stopping(), [begun.id])
        assert office.load(begun).state_reason == "internal error while the recipients were read"
