"""Checks that tell whether a process can be used. Each looks once and never waits long."""

import http.client

import psycopg
import redis

from deploy.local import ports
from deploy.local.process import Check
from shared import redis_clients

_SECONDS = 2


def http_ok(port: int, path: str) -> Check:
    """Ready when a GET on the loopback is answered by 200."""
    return lambda _running: _status(port, path) == http.client.OK


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def logged(text: str) -> Check:
    """Ready when the process has written a text to its log since its start."""
    return lambda running: text in running.logged()


def postgres(conninfo: str) -> Check:
    """Ready when PostgreSQL accepts connections."""
    return lambda _running: _connects(conninfo)


def _connects(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, connect_timeout=_SECONDS).close()
    except psycopg.OperationalError:
        return False
    return True


def broker(url: str) -> Check:
    """Ready when Redis or Valkey answers PING: while it still loads its data it does not."""
    return lambda _running: _pongs(url)


def _pongs(url: str) -> bool:
    with redis_clients.connect(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
