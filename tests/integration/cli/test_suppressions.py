"""``antar suppression``."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import ids
from tests.integration.cli.antar import Antar


def test_addresses_are_added_from_the_command_line_and_a_file(antar: Antar, account: str) -> None:
    asked = ("suppression", "add", account, "whatsapp", "+62 813-1000-3000", "--file", "-", "--reason", "complaint")
    added = antar.json(*asked, stdin="6281310003001\n\n 6281310003000 \n")
    assert [(each["address"], each["reason"], each["expires_at"]) for each in added] == [
        ("6281310003000", "complaint", None),
        ("6281310003001", "complaint", None),
    ]
    listed = antar.json("suppression", "list", account)
    assert sorted(each["id"] for each in listed) == sorted(each["id"] for each in added)


def test_more_than_fits_one_request_is_added_at_once(antar: Antar, account: str) -> None:
    addresses = "\n".join(f"a{number}@customer.example" for number in range(1500))
    assert len(antar.json("suppression", "add", account, "email", "--file", "-", stdin=addresses)) == 1500


def test_one_may_end(antar: Antar, account: str) -> None:
    (added,) = antar.json("suppression", "add", account, "whatsapp", "6281310003002", "--expires-in", "1d")
    left = datetime.fromisoformat(added["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left < timedelta(hours=25)


def test_suppressions_are_listed_by_what_is_known_of_them(antar: Antar, account: str) -> None:
    (phone,) = antar.json("suppression", "add", account, "whatsapp", "6281310003003")
    (mail,) = antar.json("suppression", "add", account, "email", "sam@customer.example", "--reason", "hard_bounce")
    searches = {
        (): [mail, phone],
        ("--channel", "email"): [mail],
        ("--reason", "manual"): [phone],
        ("--search", "CUSTOMER"): [mail],
        ("--limit", "1"): [mail],
    }
    assert {options: antar.json("suppression", "list", account, *options) for options in searches} == searches


def test_one_is_removed_once_and_by_its_own_account(antar: Antar, account: str) -> None:
    (added,) = antar.json("suppression", "add", account, "whatsapp", "6281310003004", "--reason", "hard_bounce")
    other = antar.json("account", "create", f"other {ids.new()}")["name"]
    assert antar.refused("suppression", "remove", other, added["id"]) == "Error: there is no such suppression\n"
    assert antar.json("suppression", "remove", account, added["id"]) == added
    assert antar.refused("suppression", "remove", account, added["id"]) == "Error: there is no such suppression\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give addresses"),
        (("12",), "addresses.0: is no address that a message could reach on WhatsApp"),
        (("6281310003005", "--expires-at", "2020-01-01"), "expires_at: must be in the future"),
        (("6281310003005", "--expires-at", "2090-01-01", "--expires-in", "1d"), "--expires-at or --expires-in"),
    ],
)
def test_what_cannot_be_suppressed(antar: Antar, account: str, options: tuple[str, ...], said: str) -> None:
    assert said in antar.refused("suppression", "add", account, "whatsapp", *options)
    assert antar.json("suppression", "list", account) == []
