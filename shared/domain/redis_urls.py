"""The URLs of Redis: of one server as its clients write them, or of Sentinels that know which server is the master.

``sentinel://[user:password@]host:port,host:port,.../database?master=name[&sentinel_username=...][&sentinel_password=...]``: user
and password are the servers' own, those of the Sentinels stand behind. Of one Sentinel the others are not asked for: name them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

SCHEME: Final = "sentinel"
_PORT: Final = 26379
_PARAMETERS: Final = frozenset({"master", "sentinel_username", "sentinel_password"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What a server wants to know of its client; ``None`` for what it does not."""

    username: str | None = None
    password: str | None = None

    def arguments(self) -> dict[str, str]:
        """Give what is there as a client of Redis takes it."""
        named = {"username": self.username, "password": self.password}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentinels:
    """What a ``sentinel`` URL says."""

    hosts: tuple[tuple[str, int], ...]
    """The Sentinels, by host and port."""
    master: str
    """The name by which they know the master."""
    database: int = 0
    login: Login = Login()
    sentinel_login: Login = Login()

    def kombu_url(self) -> str:
        """Write them as kombu does: a URL each, and each with all that there is to know of the servers."""
        return ";".join(f"{SCHEME}://{self._user()}{_host(host)}:{port}/{self.database}" for host, port in self.hosts)

    def _user(self) -> str:
        if not self.login.arguments():
            return ""
        return f"{quote(self.login.username or '', safe='')}:{quote(self.login.password or '', safe='')}@"


def is_sentinel(url: str) -> bool:
    """Tell whether a URL names Sentinels."""
    return urlsplit(url).scheme == SCHEME


def parse(url: str) -> Sentinels:
    """Read a ``sentinel`` URL. Raises :class:`ValueError`, which says what is wrong and never what it holds."""
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    options = _options(parts)
    if not options.get("master"):
        raise ValueError("a sentinel URL needs the name of the master: ?master=mymaster")
    return Sentinels(
        hosts=tuple(map(_address, hosts.split(","))),
        master=options["master"],
        database=_database(parts.path),
        login=Login(username=unquote(username) or None, password=unquote(password) or None),
        sentinel_login=Login(username=options.get("sentinel_username"), password=options.get("sentinel_password")),
    )


def _options(parts: SplitResult) -> Mapping[str, str]:
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(options.keys() - _PARAMETERS):
        raise ValueError(f"a sentinel URL takes {', '.join(sorted(_PARAMETERS))}, and not {', '.join(unknown)}")
    return options


def _database(path: str) -> int:
    number = path.strip("/") or "0"
    if not (number.isascii() and number.isdigit()):
        raise ValueError("the path of a sentinel URL is the number of a database: /0")
    return int(number)


def _address(text: str) -> tuple[str, int]:
    """Read a Sentinel's host, in brackets where it is an IPv6 address, and its port."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or ";" in text or "/" in text or port == 0:
        raise ValueError("the hosts of a sentinel URL are written host:port,host:port")
    return host, port or _PORT


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
