"""However many rows a file has, an import holds few of them."""

import os
import subprocess
import sys
from typing import Final

from tests.integration.recipients.conftest import Office

_ROWS: Final = 40_000
_MOST_MEGABYTES: Final = 40
"""What an import may need beyond what its process had before. The rows' texts alone, in a list, would be 80 MB."""

_IMPORT: Final = """
import resource, sys
from uuid import UUID
from shared.db import engine
from shared.management.campaigns import importing, records

def file(rows):
    yield b"telegram,name,remark\\n"
    for first in range(1, rows, 1000):
        yield "".join(f"{number},Ann {number},{'x' * 2000}\\n" for number in range(first, first + 1000)).encode()

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

with engine.get().connect() as connection:
    campaign = records.load(connection, None, UUID(sys.argv[1]))
before = peak()
found = importing.read_rows(campaign, file(int(sys.argv[2])))
print(found.rows, peak() - before)
"""


def test_an_import_holds_a_bounded_part_of_the_file(office: Office) -> None:
    begun = office.begin(office.campaign())
    done = subprocess.run(  # noqa: S603 - our own interpreter.
        [sys.executable, "-c", _IMPORT, str(begun.id), str(_ROWS)],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "ANTAR_CAMPAIGN_ROWS": str(_ROWS)},
    )
    rows, megabytes = done.stdout.splitlines()[-1].split()
    assert int(rows) == _ROWS
    assert float(megabytes) < _MOST_MEGABYTES
    assert office.load(begun).rows == _ROWS
