"""The hot path's statements of threads, each by itself."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, OperationalError

from shared.db import hot

_STARTED = text("SELECT txid_current() AS number, CAST(:given AS integer) AS given")
_ENDED = text("SELECT pg_terminate_backend(pg_backend_pid())")


def test_each_read_is_a_transaction_of_its_own(database: Engine) -> None:
    ((first, _),), ((second, given),) = (hot.read(database, _STARTED, {"given": number}) for number in (1, 2))
    assert (first != second, given) == (True, 2)


def test_what_is_read_by_itself_leaves_transactions_to_who_comes_next(database: Engine) -> None:
    hot.read(database, _STARTED, {"given": 1})
    with pytest.raises(DataError):
        hot.read(database, _STARTED, {"given": "none"})
    with database.connect() as connection:
        first, second = (connection.execute(_STARTED, {"given": 1}).one().number for _ in range(2))
    assert first == second


def test_a_connection_that_is_lost_is_replaced(database: Engine) -> None:
    with pytest.raises(OperationalError) as lost:
        hot.read(database, _ENDED, {})
    assert lost.value.connection_invalidated
    assert len(hot.read(database, _STARTED, {"given": 1})) == 1
