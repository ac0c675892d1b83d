"""The words by which people stop messages, and by which they want them again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import optout

STOP = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "BERHENTI", "ARRET", "ARRÊT", "BAJA", "ALTO", "PARAR", "SAIR"]
MORE = ["STOPP", "ABMELDEN", "Стоп", "إلغاء", "停止", "/stop", "Stop promotions", "DÉSABONNER", "cancelar inscrição"]
START = ["START", "UNSTOP", "SUBSCRIBE", "MULAI", "Commencer", "Старт", "/start", "/start campaign_17", "/START", "開始"]


@pytest.mark.parametrize("word", [*STOP, *MORE])
@pytest.mark.parametrize("written", ["{}", " {}. ", "{}!!!", "«{}»", "*{}*"])
def test_who_wants_no_more_says_so(word: str, written: str) -> None:
    if not word.startswith("/"):
        assert optout.wants(written.format(word)) is False
    assert optout.wants(word.lower()) is False


@pytest.mark.parametrize("word", START)
def test_who_wants_messages_again_says_so(word: str) -> None:
    assert optout.wants(word) is True
    assert optout.wants(word.title()) is True


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "!",
        "please stop by",
        "don't stop",
        "stop it now",
        "stopped",
        "start when?",
        "/startled",
        "end of story",
        "x" * 5000,
    ],
)
def test_other_messages_are_no_wish(text: str | None) -> None:
    assert optout.wants(text) is None


@pytest.mark.parametrize(
    ("label", "wants"), [("STOP", False), ("Berhenti!", False), ("Cancel", None), ("Annulla", None), ("START", None), (None, None)]
)
def test_a_tapped_label_must_be_unmistakable(label: str | None, wants: bool | None) -> None:  # noqa: FBT001
    assert optout.wants_by_tap(label) is wants


def test_ordinary_labels_are_words_for_stopping() -> None:
    assert optout._PLAIN_ORDINARY < optout._PLAIN_STOP


def test_no_word_means_both() -> None:
    assert not optout._PLAIN_STOP & optout._PLAIN_START


@settings(deadline=None)
@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert optout.wants(text) in {True, False, None}


@settings(deadline=None)
@given(st.sampled_from([*STOP, *START]), st.sampled_from(["upper", "lower", "title", "casefold"]))
def test_case_does_not_matter(word: str, change: str) -> None:
    assert optout.wants(getattr(word, change)()) is optout.wants(word)
