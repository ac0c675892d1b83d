"""``python -m deploy.local.sandbox --http-port N --smtp-port N``: run the stand-in for the providers."""

import argparse
from pathlib import Path

import uvloop

from deploy.local.sandbox.app import Options, run


def main() -> None:
    """Read the command line and serve until the process is told to stop."""
    uvloop.run(run(Options(**vars(_parser().parse_args()))))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--http-port", type=int, required=True, help="port of all HTTP providers; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, required=True, help="port of SMTP without encryption")
    parser.add_argument("--smtps-port", type=int, help="port of SMTP over TLS")
    parser.add_argument("--submission-port", type=int, help="port of SMTP with STARTTLS")
    parser.add_argument("--certificate", type=Path, help="file to write the certificate of the encrypted ports to")
    parser.add_argument("--webhook-url", help="receiver of webhooks; they go to /waba, /waha, /gowa and /telegram below it")
    parser.add_argument("--receivers", type=Path, help="file that lists receivers of webhooks by provider and sender, instead")
    return parser


if __name__ == "__main__":
    main()
