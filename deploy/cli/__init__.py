"""``antar``: the command line. One file per noun; what is not meant for a terminal alone can be had as JSON by ``--json``."""

import click

from deploy.cli import campaign_files, campaign_progress
from deploy.cli.accounts import account
from deploy.cli.campaigns import campaign
from deploy.cli.contacts import contact
from deploy.cli.database import doctor, migrate
from deploy.cli.failures import Guarded
from deploy.cli.files import file
from deploy.cli.held import held
from deploy.cli.keys import key
from deploy.cli.quarantine import quarantine
from deploy.cli.secret_keys import secrets
from deploy.cli.sends import send, why
from deploy.cli.stats import stats
from deploy.cli.suppressions import suppression
from deploy.cli.templates import template
from deploy.cli.tokens import token
from deploy.cli.top import top
from deploy.cli.up import up
from shared import logs


@click.group(cls=Guarded, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="antar")
def main() -> None:
    """Run antar and manage its accounts, their channel keys, templates, files and campaigns."""
    logs.configure_command()


for command in (
    up,
    migrate,
    doctor,
    account,
    token,
    key,
    template,
    campaign,
    file,
    send,
    why,
    top,
    held,
    quarantine,
    stats,
    contact,
    suppression,
    secrets,
):
    main.add_command(command)

for part in (*campaign_files.COMMANDS, *campaign_progress.COMMANDS):
    campaign.add_command(part)
