"""Audit what is locked. ``python -m tests.audit [required]``."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.audit.judgement import judge

_LOCKED: Final = Path(__file__).resolve().parents[2] / "requirements.lock"
_SECONDS: Final = 300
_OPTIONS: Final = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", "-r", str(_LOCKED))


def main() -> int:
    """Audit, and give the exit status."""
    required = "required" in sys.argv[1:]
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments.
            (sys.executable, "-m", "pip_audit", *_OPTIONS), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        judgement = judge(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        judgement = judge("", f"no answer within {_SECONDS} s")
    for line in judgement.lines(required=required):
        print(line)  # noqa: T201 - it is a command.
    return 0 if judgement.passes(required=required) else 1


if __name__ == "__main__":
    sys.exit(main())
