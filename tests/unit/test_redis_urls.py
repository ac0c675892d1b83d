"""URLs that name Sentinels."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import redis_urls
from shared.domain.redis_urls import Login, Sentinels

_WHOLE = (
    "sentinel://antar:p%40ss@a.example:26379,10.0.0.2,[::1]:26380/3?master=main&sentinel_username=watch&sentinel_password=s%261"
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sentinel://a:1/0?master=m", Sentinels(hosts=(("a", 1),), master="m")),
        ("sentinel://a?master=m", Sentinels(hosts=(("a", 26379),), master="m")),
        ("sentinel://:pw@a:1,b:2/?master=m", Sentinels(hosts=(("a", 1), ("b", 2)), master="m", login=Login(password="pw"))),
        (
            _WHOLE,
            Sentinels(
                hosts=(("a.example", 26379), ("10.0.0.2", 26379), ("::1", 26380)),
                master="main",
                database=3,
                login=Login(username="antar", password="p@ss"),
                sentinel_login=Login(username="watch", password="s&1"),
            ),
        ),
    ],
)
def test_a_url_says_everything(url: str, expected: Sentinels) -> None:
    assert redis_urls.is_sentinel(url)
    assert redis_urls.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sentinel://:pw@a:1/0", "needs the name of the master"),
        ("sentinel://:pw@a:1/0?master=", "needs the name of the master"),
        ("sentinel://:pw@a:1/0?master_name=m", "takes master, sentinel_password, sentinel_username, and not master_name"),
        ("sentinel://:pw@a:1/zero?master=m", "the number of a database"),
        ("sentinel://:pw@a:1/-1?master=m", "the number of a database"),
        ("sentinel:///0?master=m", "are written host:port,host:port"),
        ("sentinel://:pw@a:1,/0?master=m", "are written host:port,host:port"),
        ("sentinel://:pw@a:x/0?master=m", "are written host:port,host:port"),
        ("sentinel://:pw@a:70000/0?master=m", "are written host:port,host:port"),
        ("sentinel://:pw@a:0/0?master=m", "are written host:port,host:port"),
        ("sentinel://:pw@a:1;sentinel://:pw@b:1/0?master=m", "are written host:port,host:port|number of a database"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_no_password_told(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        redis_urls.parse(url)
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize("url", ["redis://:pw@a:1/0", "rediss://a/0", "unix:///run/redis.sock?db=1", "amqp://a//"])
def test_other_urls_name_no_sentinels(url: str) -> None:
    assert not redis_urls.is_sentinel(url)


def test_kombu_finds_everything_in_each_of_its_urls() -> None:
    assert redis_urls.parse(_WHOLE).kombu_url() == (
        "sentinel://antar:p%40ss@a.example:26379/3;sentinel://antar:p%40ss@10.0.0.2:26379/3;sentinel://antar:p%40ss@[::1]:26380/3"
    )
    assert redis_urls.parse("sentinel://a:1?master=m").kombu_url() == "sentinel://a:1/0"


@given(password=st.text(min_size=1))
def test_any_password_comes_through(password: str) -> None:
    written = "".join(f"%{byte:02X}" for byte in password.encode())
    parsed = redis_urls.parse(f"sentinel://:{written}@a:1/0?master=m&sentinel_password={written}")
    assert (parsed.login.password, parsed.sentinel_login.password) == (password, password)
    assert re.fullmatch(r"sentinel://:[^@/?#:]*@a:1/0", parsed.kombu_url())
