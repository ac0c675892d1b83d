"""Becomes the command it is given, as a child that dies with its parent.

Run as a script, by path, with no site packages:

    python -IS launch.py PARENT_PID DEATH_SIGNAL NICENESS IDENTITY COMMAND...

IDENTITY is `self`, `namespace` (an unprivileged user inside a user namespace, who is still the caller to the file
system) or `UID:GID`. A script rather than a `preexec_fn`, which is not safe in a process that has threads.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_NOBODY = 65534


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1")


def _become(identity: str) -> None:
    if identity == "namespace":
        _enter_namespace()
    elif identity != "self":
        uid, gid = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _die_with(parent: int, death_signal: int) -> None:
    if sys.platform == "linux":
        _call("prctl", _PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit("the parent has ended already")


def main(parent: str, death_signal: str, niceness: str, identity: str, *command: str) -> None:
    """Stand back, change identity, tie the process to its parent, and become the command."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.nice(int(niceness))
    _become(identity)
    _die_with(int(parent), int(death_signal))
    os.execv(command[0], command)  # noqa: S606 - the whole purpose: no shell, an absolute path


if __name__ == "__main__":
    main(*sys.argv[1:])
