"""``python -m tests.bench.provider PORT``."""

import sys

import uvloop

from tests.bench.provider import server

if __name__ == "__main__":
    uvloop.run(server.serve(int(sys.argv[1])))
