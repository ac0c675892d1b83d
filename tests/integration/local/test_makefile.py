import re
import subprocess

from deploy.local import child


def test_make_alone_prints_what_it_can_do() -> None:
    said = subprocess.run(["make", "-C", str(child.ROOT)], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607 - the make that runs the tests
    targets = set(re.findall(r"^\.PHONY: (\w+)$", (child.ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "check"} <= targets
    assert set(re.findall(r"^  (\w+) +\S", said, re.MULTILINE)) == targets
