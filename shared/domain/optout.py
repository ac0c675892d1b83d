"""The words by which people ask for no more messages, or for messages again.

A word counts as the whole message, whatever its case, accents and punctuation: "please stop by" is no wish. The English ones are
those that carriers and CTIA's principles name; the others are what people in these languages are told to answer. On a button, whose
label somebody else chose, only what can mean nothing else counts: who taps *Cancel* cancels an appointment.
"""

import re
import unicodedata
from typing import Final

_STOP: Final = frozenset(
    {
        *(
            "stop",
            "stop all",
            "stopall",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "revoke",
            "optout",
            "opt out",
            "remove me",
            "stop promotions",
        ),
        *("berhenti", "stop promosi", "batal langganan", "henti"),
        *("arret", "arreter", "stopper", "desabonner", "desinscription"),
        *("baja", "alto", "darme de baja", "cancelar suscripcion", "parar"),
        *("sair", "descadastrar", "cancelar inscricao"),
        *("stopp", "abmelden", "abbestellen"),
        *("annulla", "cancellami", "disiscrivimi"),
        *("afmelden", "uitschrijven", "avsluta", "avmeld", "afmeld", "iptal", "dur"),
        *("стоп", "отписаться", "отписка", "توقف", "الغاء", "إلغاء", "रोकें", "หยุด"),
        *("停止", "退订", "退訂", "取消订阅", "配信停止", "수신거부"),
    }
)
"""English, Indonesian and Malay, French, Spanish, Portuguese, German, Italian, Dutch, the Nordic languages and Turkish, and other
scripts."""

_START: Final = frozenset(
    {
        *("start", "unstop", "subscribe", "resume", "optin", "opt in"),
        *("mulai", "mula", "langganan", "berlangganan", "lanjut"),
        *("commencer", "reprendre", "abonner"),
        *("alta", "iniciar", "empezar", "reanudar", "suscribir"),
        *("entrar", "comecar", "voltar"),
        *("anmelden", "starten"),
        *("inizia", "riprendi", "aanmelden", "inschrijven", "starta", "basla"),
        *("старт", "подписаться", "ابدأ", "اشتراك", "开始", "開始", "订阅", "訂閱", "시작", "शुरू", "เริ่ม"),
    }
)

_ORDINARY: Final = frozenset(
    {
        *("cancel", "end", "quit", "revoke", "henti", "arret", "arreter", "stopper", "alto", "parar", "sair"),
        *("annulla", "avsluta", "iptal", "dur", "الغاء", "إلغاء", "توقف", "रोकें", "หยุด", "停止"),
    }
)
"""Those of the words for stopping that buttons are labelled with for other ends."""

_LONGEST: Final = 80
_COMMAND: Final = re.compile(r"/(start|stop)\b.*", re.IGNORECASE | re.DOTALL)
"""Telegram's own words to bots; what brought a person to a bot follows its ``/start``."""

_SEPARATORS: Final = re.compile(r"[\W_]+")


def wants(text: str | None) -> bool | None:
    """Tell what a message asks for: ``False`` no more messages, ``True`` messages again, ``None`` neither of them."""
    if text is None or len(text) > _LONGEST:
        return None
    command = _COMMAND.fullmatch(text.strip())
    word = _plain(command[1] if command else text)
    if word in _PLAIN_STOP:
        return False
    return True if word in _PLAIN_START else None


def wants_by_tap(label: str | None) -> bool | None:
    """Tell what a tapped button asks for, as :func:`wants`; nobody asks for messages again by one, as there are many *Start*."""
    stops = wants(label) is False and _plain(label or "") not in _PLAIN_ORDINARY
    return False if stops else None


def _plain(text: str) -> str:
    """Drop case, accents and all that is no letter or digit."""
    bare = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    return _SEPARATORS.sub(" ", bare.casefold()).strip()


_PLAIN_STOP: Final = frozenset(map(_plain, _STOP))
_PLAIN_START: Final = frozenset(map(_plain, _START))
_PLAIN_ORDINARY: Final = frozenset(map(_plain, _ORDINARY))
