"""``python -m tests.bench.provider PORT``."""

import signal
import sys

import uvloop

from tests.bench.provider import server

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    uvloop.run(server.serve(int(sys.argv[1])))
