"""``antar secrets``, and what the doctor says of it."""

import json
from itertools import islice

import pytest
from sqlalchemy import text

from deploy.cli import checks
from shared import vault
from shared.management import secret_keys
from shared.management.secret_keys import Became
from tests.integration.cli.antar import Antar
from tests.integration.secret_keys.process import NEW, NUMBER, OLD, OTHER, Process


def used(command: Antar) -> dict[str, tuple[str, int, int]]:
    told = command.json("secrets", "status")
    return {each["key"]: (each["standing"], each["channel_keys"], each["webhook_subscriptions"]) for each in told}


def test_everything_is_encrypted_anew_and_says_the_same(command: Antar, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    held = process.secrets()
    assert (len(held), used(command)) == (2 * NUMBER, {"2025": ("active", NUMBER, NUMBER)})
    process.start(NEW, OLD)
    assert used(command) == {"2026": ("active", 0, 0), "2025": ("held", NUMBER, NUMBER)}
    monkeypatch.setattr(secret_keys, "BATCH", 2)
    assert command.json("secrets", "rotate") == {"active": "2026", "renewed": 2 * NUMBER, "changed": 0, "unreadable": 0, "left": 0}
    assert command.json("secrets", "rotate")["renewed"] == 0
    process.start(NEW)
    assert process.secrets() == held
    assert used(command) == {"2026": ("active", NUMBER, NUMBER)}


def test_an_interruption_leaves_each_under_one_of_the_two(command: Antar, process: Process) -> None:
    held = process.secrets()
    process.start(NEW, OLD)
    assert list(islice(secret_keys.rotate(process.database), 3)) == [Became.RENEWED] * 3
    assert used(command) == {"2026": ("active", 3, 0), "2025": ("held", NUMBER - 3, NUMBER)}
    assert process.secrets() == held
    assert command.json("secrets", "rotate")["renewed"] == 2 * NUMBER - 3
    assert process.secrets() == held


def test_what_somebody_writes_meanwhile_stays_as_he_wrote_it(command: Antar, process: Process) -> None:
    """Among them a process that has not been started anew yet, and still encrypts under the old key."""
    process.start(NEW, OLD)
    running = secret_keys.rotate(process.database)
    assert next(running) is Became.RENEWED
    with process.database.begin() as connection:
        last = max(row.id for row in connection.execute(text("SELECT id FROM channel_keys")))
        sealed = vault.parse_keys(OLD).encrypt(last, {"bot_token": "9:other"})
        connection.execute(text("UPDATE channel_keys SET credentials = :sealed WHERE id = :id"), {"sealed": sealed, "id": last})
    assert list(running).count(Became.CHANGED) == 1
    assert process.secrets()[last] == {"bot_token": "9:other"}
    assert used(command)["2025"] == ("held", 1, 0)
    assert command.json("secrets", "rotate")["left"] == 0


def test_it_holds_no_lock_between_two_rows(process: Process) -> None:
    process.start(NEW, OLD)
    running = secret_keys.rotate(process.database)
    next(running)
    with process.database.begin() as connection:
        connection.execute(text("SELECT id FROM channel_keys ORDER BY id FOR UPDATE NOWAIT"))
        connection.execute(text("SELECT id FROM webhook_subscriptions FOR UPDATE NOWAIT"))
    assert len(list(running)) == 2 * NUMBER - 1


def test_missing_keys_are_named_and_nothing_is_lost(command: Antar, process: Process) -> None:
    before = process.secrets()
    process.start(NEW, OTHER)
    assert used(command) == {"2026": ("active", 0, 0), "2027": ("held", 0, 0), "2025": ("missing", NUMBER, NUMBER)}
    result = command.run("secrets", "rotate", "--json")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("ANTAR_SECRET_KEYS lacks 2025: put it back")
    told = json.loads(result.stdout)
    assert (told["renewed"], told["unreadable"], told["left"]) == (0, 2 * NUMBER, 2 * NUMBER)
    process.start(OLD)
    assert process.secrets() == before


def test_another_key_of_the_same_id_is_told(command: Antar, process: Process) -> None:
    before = process.secrets()
    process.start(NEW, vault.new_key("2025"))
    result = command.run("secrets", "rotate")
    assert result.exit_code == 2
    assert "another key had this id" in result.stderr
    process.start(OLD)
    assert process.secrets() == before


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((OLD,), "all can be read"),
        ((NEW, OLD), "all can be read; 10 under older keys: antar secrets rotate"),
        ((NEW,), "encrypted under keys that ANTAR_SECRET_KEYS does not hold: 10 under 2025; put them back: antar secrets status"),
        ((vault.new_key("2025"),), "ANTAR_SECRET_KEYS holds another key than the one that encrypted, under the id 2025"),
    ],
)
def test_the_doctor_looks(process: Process, entries: tuple[str, ...], said: str) -> None:
    process.start(*entries)
    finding = checks._try("secrets", checks._secrets)
    assert (finding.ok, finding.text) == (said.startswith("all"), said)


def test_what_is_no_ciphertext_at_all_is_told(command: Antar, process: Process) -> None:
    with process.database.begin() as connection:
        connection.execute(text("UPDATE channel_keys SET credentials = '' WHERE name = 'bot 0'"))
    assert used(command)[""] == ("missing", 1, 0)
    assert checks._try("secrets", checks._secrets).text.endswith("1 under no id; put them back: antar secrets status")


def test_a_new_entry_can_be_put_into_the_list(command: Antar) -> None:
    entries = [command.lines("secrets", "new").strip() for _ in range(2)]
    held = vault.parse_keys(",".join(entries))
    assert (len(held.keys), held.active) == (2, entries[0].partition(":")[0])
    named = command.json("secrets", "new", "--id", "k.2026")
    assert vault.parse_keys(named["entry"]).active == named["id"] == "k.2026"


@pytest.mark.parametrize("identifier", ["", "a:b", "a,b", "ä", "a b"])
def test_an_id_that_the_list_could_not_hold_is_refused(command: Antar, identifier: str) -> None:
    assert "--id must be" in command.refused("secrets", "new", "--id", identifier)
