"""Small programs that behave as the stack's processes may."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from deploy.local import readiness
from deploy.local.process import Process

PATIENCE_SECONDS = 90
"""Above all that the stack itself waits for: of a busy machine nothing else is asked."""

_NOTES_ITS_ENDING = """
import pathlib, signal, sys, time
def end(number, frame):
    with pathlib.Path({endings!r}).open("a") as file:
        file.write({name!r} + " " + signal.Signals(number).name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
time.sleep(600)
"""

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""

MORTAL = "import sys; print('ready', flush=True); sys.exit(3)"

PARENT = """
import subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("grandchild", grandchild.pid, "ready", flush=True)
time.sleep(600)
"""


def running(name: str, program: str, **options: object) -> Process:
    """Describe a process that runs a Python program and is ready when it says so."""
    command = (sys.executable, "-c", program)
    return Process(name=name, command=command, is_ready=readiness.logged("ready"), **options)  # type: ignore[arg-type]


def polite(name: str, endings: Path, **options: object) -> Process:
    """Describe a process that ends when it is asked to, and notes it."""
    return running(name, note_ending(name, endings), **options)


def note_ending(name: str, endings: Path) -> str:
    """Give the program of a process that notes, in a file, by which signal it was ended."""
    return _NOTES_ITS_ENDING.format(endings=str(endings), name=name)


def eventually(what: Callable[[], bool]) -> bool:
    """Wait until something is the case."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, whether or not somebody has collected it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
