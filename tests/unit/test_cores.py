import os
import subprocess
import sys

import pytest

from api import cores

_FAMILY = """
import multiprocessing, os
from api import cores

def child(kept, done):
    cores.keep_to_one()
    kept.put(tuple(os.sched_getaffinity(0)))
    done.wait()

context = multiprocessing.get_context("fork")
kept, done = context.Queue(), context.Event()
children = [context.Process(target=child, args=(kept, done)) for _ in range(4)]
for each in children: each.start()
print(sorted(kept.get() for _ in children))
done.set()
for each in children: each.join()
"""


@pytest.mark.parametrize(("taken", "core"), [((), 4), ((0,), 7), ((0, 1), 4), ((0, 2), 7), ((0, 1, 2), 7)])
def test_the_first_free_place_decides(taken: tuple[int, ...], core: int) -> None:
    assert cores.choose([4, 7], lambda place: place not in taken) == core


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose its cores")
def test_siblings_share_the_cores_evenly() -> None:
    usable = sorted(os.sched_getaffinity(0))
    printed = subprocess.run([sys.executable, "-c", _FAMILY], capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603 - our own words.
    assert printed.strip() == str(sorted((usable[number % len(usable)],) for number in range(4)))
