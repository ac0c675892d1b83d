"""What scenarios are measured on: a stack of its own, the provider stand-in, and what antar is measured against."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from deploy.local import child, errors, ports
from deploy.local import processes as described
from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Options, Stack
from shared.domain.channels import Channel
from tests.bench import against, figures, messages, processes, settings
from tests.bench.against import Against, Likeness
from tests.bench.messages import Account, Shape
from tests.bench.provider import owner
from tests.bench.provider.owner import Provider
from tests.bench.subjects import Antar, Subject, Taker

_PROCESSES: Final = ("postgres", "redis", "api", "worker-send", "worker-bulk", "worker-events", "beat")
_ONE_LANE: Final = {"ANTAR_ACCOUNT_SHARE": "100000000"}
"""Scenarios have one account send far more than its share, and measure it as many accounts would be."""
_STANDS_BACK: Final = 10
"""The niceness of what plays another machine beside the one that is measured."""
_NO_SMTP: Final = "9"
"""A port where nobody listens: no scenario mails."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a bed is set up."""

    baselines: bool = False
    """Whether there is what antar is measured against."""
    flower: bool = False
    apart: bool = False
    """Whether the second account has a stand-in of its own: one that serves both makes the one wait for the other."""
    send_threads: int = Options.send_threads

    def options(self) -> Options:
        """Give the stack's options."""
        processes = (*_PROCESSES, *(("flower",) if self.flower else ()))
        return Options(processes=processes, environment=_ONE_LANE, send_threads=self.send_threads)


@dataclass(frozen=True, kw_only=True)
class Bed:
    """A running bed."""

    setting: Setting
    stack: Stack
    provider: Provider
    antar: Antar
    _against: Against | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def against(self) -> Against:
        """What antar is measured against. Raises :class:`LookupError` on a bed without it."""
        if self._against is None:
            raise LookupError("this bed is antar's alone")
        return self._against

    def subject(self, name: str) -> Subject:
        """Give antar or the naive service."""
        return self.antar if name == figures.ANTAR else self.against.naive

    def requests(self, subject: Taker, shape: Shape, prefer: str) -> Iterator[bytes]:
        """Give requests without end, each to another recipient."""
        return messages.requests(subject.account, shape, self._numbers, prefer)

    def pids_with(self, own: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
        """Add to somebody's processes those that share in the work, by what they do."""
        servers = {name: processes.family(pid) for name in ("postgres", "redis") if (pid := self.stack.pid(name)) is not None}
        return {**own, **servers, **self.provider.pids()}


@contextmanager
def make(setting: Setting) -> Iterator[Bed]:
    """Set a bed up in a folder that goes with it."""
    with ExitStack() as held:
        home = Path(held.enter_context(TemporaryDirectory(prefix="antar-bench-")))
        provider = held.enter_context(owner.start(home / "provider"))
        stack = held.enter_context(Stack(home / "stack", setting.options()))
        accounts = _accounts(stack, provider)
        if setting.apart:
            _lead(stack, accounts, held.enter_context(owner.start(home / "apart", _STANDS_BACK)))
        antar = held.enter_context(closing(Antar(stack, Account(token=accounts["token"], keys=accounts["keys"]))))
        rivals = held.enter_context(_against(home, stack, provider)) if setting.baselines else None
        yield Bed(setting=setting, stack=stack, provider=provider, antar=antar, _against=rivals)


def _accounts(stack: Stack, provider: Provider) -> dict[str, Any]:
    """Make two accounts whose keys lead to the stand-in. Raises :class:`errors.StepFailed` with what went wrong."""
    made: dict[str, Any] = json.loads(_run(stack, "deploy.local.demo_accounts", provider.url, ports.HOST, _NO_SMTP))
    return made


def _lead(stack: Stack, accounts: Mapping[str, Any], provider: Provider) -> None:
    """Have the second account's WABA key lead to another stand-in. Raises as :func:`_accounts`."""
    key = accounts["second_account"]["key_ids"][Channel.WABA]
    _run(stack, "deploy.cli", "key", "set", key, "--credentials", "-", given=json.dumps(sandbox.waba(provider.url, 2)))


def _run(stack: Stack, module: str, *arguments: str, given: str = "") -> str:
    """Run a module of ours with the stack's settings; give what it printed."""
    command, variables = described.python(module, *arguments), child.environment(stack.home, "accounts", stack.environment())
    done = subprocess.run(command, cwd=child.ROOT, env=variables, input=given, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise errors.StepFailed(f"the accounts could not be made:\n{done.stderr}".rstrip())
    return done.stdout


def _against(home: Path, stack: Stack, provider: Provider) -> AbstractContextManager[Against]:
    known = settings.of(stack.environment())
    likeness = Likeness(
        api_workers=stack.options.api_workers,
        api_threads=known.api_threads,
        batch=known.claim_batch,
        in_flight=known.deliver_batch * stack.options.send_threads,
    )
    return against.start(home, stack, provider.url, likeness)
