"""What Flower is started with, and without what it is not."""

from pathlib import Path

import pytest
from flower import options as flowers

from deploy.flower import options
from deploy.flower.options import NotStarted

_LOGIN = {"FLOWER_BASIC_AUTH": "antar:secret"}


def test_every_option_is_one_of_flowers() -> None:
    known = flowers.default_options.as_dict()
    assert {name.removeprefix("FLOWER_").lower() for name in options.DEFAULTS} <= known.keys()


def test_what_is_given_goes_before_what_is_usual() -> None:
    complete = options.complete({**_LOGIN, "FLOWER_PORT": "7000", "PATH": "/bin"})
    assert complete == {**options.DEFAULTS, **_LOGIN, "FLOWER_PORT": "7000", "PATH": "/bin"}


def test_nobody_looks_in_without_a_password_and_nobody_does_anything() -> None:
    assert options.complete(_LOGIN)["FLOWER_ADDRESS"] == "127.0.0.1"
    assert options.complete(_LOGIN)["FLOWER_READ_ONLY"] == "true"


@pytest.mark.parametrize("login", ["", "antar", "antar:", ":secret", "antar:secret,other"])
def test_what_is_no_login_is_refused_unquoted(login: str) -> None:
    with pytest.raises(NotStarted) as refused:
        options.complete({"FLOWER_BASIC_AUTH": login})
    assert "user:password" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_others_may_authenticate() -> None:
    assert options.complete({"FLOWER_AUTH": r".*@shop\.example"})["FLOWER_PERSISTENT"] == "true"


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    options.prepare_folder({"FLOWER_DB": str(tmp_path / "a" / "b" / "tasks")})
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotStarted, match=r"FLOWER_DB: cannot make the folder .*/file/below: Not a directory"):
        options.prepare_folder({"FLOWER_DB": str(tmp_path / "file" / "below" / "tasks")})
