"""``antar contact``."""

import pytest

from tests.integration.cli.antar import Antar


def test_who_opts_out_becomes_a_contact_and_may_opt_in_again(antar: Antar, account: str) -> None:
    gone = antar.json("contact", "opt-out", account, "whatsapp", "+62 813-1000-2000")
    assert (gone["channel"], gone["address"], gone["name"], gone["opted_out"]) == ("whatsapp", "6281310002000", None, True)
    again = antar.json("contact", "opt-out", account, "whatsapp", "6281310002000")
    assert again == {**gone, "updated_at": again["updated_at"]}
    back = antar.json("contact", "opt-in", account, "whatsapp", "6281310002000")
    assert (back["id"], back["opted_out"]) == (gone["id"], False)


def test_contacts_are_listed_by_what_is_known_of_them(antar: Antar, account: str) -> None:
    gone = antar.json("contact", "opt-out", account, "whatsapp", "6281310002001")
    here = antar.json("contact", "opt-in", account, "email", "alex@customer.example")
    searches = {
        (): [here, gone],
        ("--opted-out",): [gone],
        ("--opted-in",): [here],
        ("--channel", "email"): [here],
        ("--search", "10002001"): [gone],
        ("--limit", "1"): [here],
    }
    assert {options: antar.json("contact", "list", account, *options) for options in searches} == searches
    assert "alex@customer.example" in antar.lines("contact", "list", account)


@pytest.mark.parametrize(
    ("channel", "address", "said"),
    [("whatsapp", "12", "address: is no address that a message could reach on WhatsApp"), ("fax", "1", "'fax' is not one of")],
)
def test_an_address_that_is_none(antar: Antar, account: str, channel: str, address: str, said: str) -> None:
    assert said in antar.refused("contact", "opt-out", account, channel, address)
    assert antar.json("contact", "list", account) == []
