"""``python -m deploy.cli`` is ``antar``."""

from deploy.cli import main

main(prog_name="antar")
