"""``python -m deploy.flower [OPTIONS]``: run Flower. Its own options may follow; they go before the variables."""

import os
import sys

from deploy.flower import options
from worker.app import app


def main() -> None:
    """Give Flower its options and serve until the process is told to stop."""
    try:
        variables = options.complete(os.environ)
        options.prepare_folder(variables)
    except options.NotStarted as error:
        sys.exit(f"flower: {error}")
    os.environ.update(variables)
    app.start(["flower", *sys.argv[1:]])


if __name__ == "__main__":
    main()
