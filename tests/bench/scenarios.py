"""What is measured: the intake, delivery end to end, and the answer time of a request that waits."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from deploy.local.stack import Stack
from tests.bench import load

_PATIENCE: Final = 300.0

Row = Mapping[str, Any]
Body = Callable[[int], Mapping[str, Any]]
"""A send, by its number: each goes to another recipient, since providers limit what one gets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """A running stack and its demonstration account."""

    stack: Stack
    demo: Mapping[str, Any]

    def load(self, body: Body, posts: int, clients: int, prefer: str | None = None) -> load.Load:
        """Describe a load on this stack."""
        url = f"{self.stack.base_url}/v1/send"
        return load.Load(url=url, token=self.demo["token"], body=body, posts=posts, clients=clients, prefer=prefer)

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask something of the sandbox."""
        answer = httpx.request(method, f"{self.stack.sandbox_url}/_sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()


def single(bench: Bench) -> Body:
    """Give sends over one channel."""
    send = {
        "keys": {"waba": {"token": bench.demo["keys"]["waba"]}},
        "content": {"waba": {"message": {"type": "text", "message": "Hi {{name}}, your order is ready."}}},
    }
    return lambda number: {**send, "target": {"waba": _phone(number), "variables": {"name": "Alex"}}}


def three_tiers(bench: Bench) -> Body:
    """Give sends whose first two tiers fail at the provider and whose third delivers."""
    keys = bench.demo["keys"]
    text = {"message": {"type": "text", "message": "Your code is {{code}}."}}
    send = {
        "keys": {
            "whatsapp": {"token": keys["whatsapp"]},
            "telegram": {"token": keys["telegram"], "fallback": True, "fallback_sequence": 1},
            "waba": {"token": keys["waba"], "fallback": True, "fallback_sequence": 2},
        },
        "content": {"whatsapp": text, "telegram": text, "waba": text},
    }
    return lambda number: {**send, "target": {**_everywhere(number), "variables": {"code": "4711"}}}


def _everywhere(number: int) -> dict[str, str]:
    return {"whatsapp": _phone(number), "telegram": str(100_000_000 + number), "waba": _phone(number)}


def _phone(number: int) -> str:
    return str(6_281_200_000_000 + number)


def rows(bench: Bench, posts: int) -> Iterator[Row]:
    """Measure everything, one row a scenario."""
    bench.control("POST", "settings", {"auto_receipts": False})
    asyncio.run(load.run(bench.load(single(bench), posts=200, clients=16)))
    yield _answer_time(bench, "answer time, 1 client", posts=posts // 10, clients=1)
    yield _answer_time(bench, "answer time, 32 clients", posts=posts // 2, clients=32)
    yield from _end_to_end(bench, "single channel", single(bench), posts)
    for channel in ("whatsapp", "telegram"):
        bench.control("POST", "faults", {"channel": channel, "kind": "recipient"})
    yield from _end_to_end(bench, "three tiers", three_tiers(bench), posts // 4)
    bench.control("DELETE", "faults")


def _answer_time(bench: Bench, name: str, posts: int, clients: int) -> Row:
    """Measure posts that wait for their outcome, with a provider that answers at once."""
    return _row(name, asyncio.run(load.run(bench.load(single(bench), posts=posts, clients=clients))))


def _end_to_end(bench: Bench, name: str, body: Body, posts: int) -> Iterator[Row]:
    """Measure how fast sends are accepted, and from the first post how fast they are all delivered."""
    bench.control("DELETE", "messages")
    started = time.perf_counter()
    measured = asyncio.run(load.run(bench.load(body, posts=posts, clients=64, prefer="respond-async")))
    yield _row(f"accepted, {name}, 64 clients", measured)
    _wait_until(lambda: bench.control("GET", "count")["count"] >= posts)
    yield {"scenario": f"delivered, {name}", "posts": posts, "per_second": round(posts / (time.perf_counter() - started))}


def _row(name: str, measured: load.Measured) -> Row:
    return {
        "scenario": name,
        "posts": len(measured.latencies),
        "per_second": round(measured.rate),
        "p50_ms": round(measured.percentile(50), 1),
        "p99_ms": round(measured.percentile(99), 1),
        "statuses": dict(measured.statuses),
    }


def _wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done within {_PATIENCE:.0f} s")
        time.sleep(0.05)
