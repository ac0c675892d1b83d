"""``antar account``."""

from shared import ids
from tests.integration.cli.antar import Antar


def test_an_account_is_created_and_listed(antar: Antar) -> None:
    name = f"shop {ids.new()}"
    made = antar.json("account", "create", f"  {name} ")
    assert (made["name"], made["status"]) == (name, "active")
    assert ids.decode(ids.ACCOUNT, made["id"])
    assert made in antar.json("account", "list")


def test_people_get_lines_and_a_table(antar: Antar) -> None:
    name = f"shop {ids.new()}"
    lines = dict(line.split(maxsplit=1) for line in antar.lines("account", "create", name).splitlines())
    assert (lines["name"], lines["status"]) == (name, "active")
    (row,) = (line for line in antar.lines("account", "list").splitlines() if name in line)
    assert lines["id"] in row


def test_a_name_is_shown_as_it_is(antar: Antar) -> None:
    name = f"[red]{ids.new()}[/red] \N{GRINNING FACE} :smile:"
    antar.lines("account", "create", name)
    assert name in antar.lines("account", "list")
    assert name in {each["name"] for each in antar.json("account", "list")}


def test_a_name_steers_no_terminal(antar: Antar) -> None:
    name = f"shop {ids.new()}"
    antar.lines("account", "create", f"{name}\x1b[31m")
    assert f"{name} [31m" in antar.lines("account", "list")


def test_a_name_is_taken_once(antar: Antar, account: str) -> None:
    assert antar.refused("account", "create", account) == f"Error: there is an account named {account!r} already\n"


def test_a_name_says_something(antar: Antar) -> None:
    assert antar.refused("account", "create", " ") == "Error: name: must not be empty\n"


def test_a_name_is_text(antar: Antar) -> None:
    assert antar.refused("account", "create", "shop \udcff") == "Error: the arguments must be valid text\n"
