"""What one thread waits for and another one settles."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.promises import Promise

_LONG = 60.0


def test_a_result_that_is_there_is_not_waited_for() -> None:
    promise = Promise[int]()
    assert promise.take()
    promise.keep(1)
    assert promise.result(0.0) == 1


def test_who_waits_is_woken_with_the_result() -> None:
    promise = Promise[str]()
    with ThreadPoolExecutor(max_workers=1) as threads:
        waiting = threads.submit(promise.result, _LONG)
        assert promise.take()
        promise.keep("done")
        assert waiting.result(_LONG) == "done"


def test_an_error_is_raised_to_who_waits() -> None:
    promise = Promise[None]()
    promise.fail(LookupError("gone"))
    with pytest.raises(LookupError, match="gone"):
        promise.result(0.0)


def test_what_nobody_has_taken_in_time_nobody_takes() -> None:
    promise = Promise[None]()
    with pytest.raises(TimeoutError):
        promise.result(0.0)
    assert not promise.take()


def test_work_that_has_begun_is_waited_for_however_long_it_lasts() -> None:
    promise = Promise[int]()
    assert promise.take()
    late = threading.Timer(0.05, promise.keep, [2])
    late.start()
    assert promise.result(0.0) == 2
    late.join()


def test_of_two_that_take_it_one_works() -> None:
    promise = Promise[None]()
    assert [promise.take(), promise.take()] == [True, False]
