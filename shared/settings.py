"""Every ``ANTAR_*`` variable, its default and its unit. Nothing else reads the environment."""

from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.domain import redis_urls
from shared.domain.addresses import Network


def _without_slash(url: str) -> str:
    return url.rstrip("/")


def _networks(text: object) -> object:
    """Read networks as they stand in a variable. Raises :class:`ValueError` naming the one that is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _readable(url: SecretStr) -> SecretStr:
    """Refuse a URL of Sentinels that cannot be meant. Raises :class:`ValueError`, which says why and not what it holds."""
    if redis_urls.is_sentinel(url.get_secret_value()):
        redis_urls.parse(url.get_secret_value())
    return url


def is_rabbitmq(url: str) -> bool:
    """Whether a broker's URL, or the first of several, is RabbitMQ's."""
    return url.startswith(("amqp://", "amqps://"))


HIGHEST_PER_MINUTE: Final = 1_000_000
PerMinute = Annotated[int, Field(ge=1, le=HIGHEST_PER_MINUTE)]
"""A limit on requests: a bucket of so many, which fills in a minute."""


class Settings(BaseSettings):
    """The settings of a process, read once at its start."""

    model_config = SettingsConfigDict(env_prefix="ANTAR_", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = SecretStr("postgresql+psycopg://antar@127.0.0.1:5432/antar")
    """Postgres, as a SQLAlchemy URL with the psycopg driver."""
    database_pooled: bool = False
    """Whether a pooler that shares connections transaction by transaction stands before Postgres; run ``antar migrate`` then."""
    database_connections: PositiveInt = 10
    """Connections to Postgres that one process holds at the most."""
    database_timeout: PositiveFloat = 10.0
    """Seconds to wait for a connection to Postgres, or for its answer to one statement."""
    broker_url: Annotated[SecretStr, AfterValidator(_readable)] = SecretStr("redis://127.0.0.1:6379/0")
    """The Celery broker, as a kombu URL; RabbitMQ as ``amqp://user:password@host:5672/vhost``, Sentinels as ``sentinel://:password@host:26379,host:26379/0?master=mymaster``."""
    signal_url: Annotated[SecretStr, AfterValidator(_readable)] | None = None
    """Redis for wake-ups, limits and cache invalidation; the broker's when unset, which RabbitMQ cannot be."""
    secret_keys: SecretStr = SecretStr("")
    """Keys that encrypt channel credentials: ``id:base64`` of 32 bytes each, comma-separated, the active one first."""
    public_url: Annotated[str, AfterValidator(_without_slash)] = "http://127.0.0.1:8000"
    """Where recipients and providers reach the api: unsubscribe links begin with it."""

    send_wait: Annotated[float, Field(ge=0, le=60)] = 10.0
    """Seconds a request waits for the outcome before it answers 202."""
    api_threads: PositiveInt = 512
    """Threads of one api process at the most; a quarter of them stay free for requests that do not wait."""
    api_one_core: bool = False
    """Whether each api process keeps to one core: for machines with at least as many api processes as cores. Linux only."""
    max_body_bytes: PositiveInt = 256 * 1024
    """Bytes of the largest request body."""
    token_cache_seconds: PositiveFloat = 60.0
    """Seconds a process trusts what it knows of a token, should the news of its revocation be lost."""
    write_per_minute: PerMinute = 60
    """Requests of the Kirim dialect that write and that an account may make in a minute, unless it has a limit of its own."""
    read_per_minute: PerMinute = 600
    """Requests of the Kirim dialect that read, likewise."""
    kanal_per_minute: PerMinute = 60
    """Sends of the Kanal dialect that a token may ask for in a minute, unless its account has a limit of its own."""
    failed_auth_per_minute: PerMinute = 60
    """Requests a minute of one client address, and of one account, that may fail to authenticate: further such ones get 429."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Networks, comma-separated, of the proxies before the api, whose ``X-Forwarded-For`` says where a request comes from."""
    commit_batch: PositiveInt = 200
    """Sends committed in one transaction at the most."""
    most_waiting: PositiveInt = 500_000
    """Deliveries that may be due and unclaimed: from so many on, new sends get 503, until a tenth of them is gone."""
    account_share: PositiveInt = 1000
    """Deliveries of one account that may wait: what it sends beyond goes to queue ``bulk``, until half of them are left."""
    most_unhandled: PositiveInt = 500_000
    """Webhooks of providers that may wait to be handled; further ones get 503 likewise, and their providers post them again."""
    most_unposted: PositiveInt = 1_000_000
    """Webhooks to customers that may wait for one subscription: from so many on no more are written, until a tenth is gone."""

    deliver_batch: PositiveInt = 50
    """Deliveries one task carries at the most."""
    claim_batch: PositiveInt = 200
    """Deliveries claimed in one transaction at the most, of one task or of several."""
    record_batch: PositiveInt = 200
    """Outcomes recorded in one transaction at the most."""
    lease_seconds: PositiveFloat = 90.0
    """Seconds a worker may hold a delivery before it counts as lost in the call; above the longest provider call."""
    visibility_seconds: PositiveInt = 600
    """Seconds until Redis hands an unacknowledged task to another worker; above the longest task."""
    horizon_seconds: PositiveFloat = 60.0
    """Seconds; no task enters the broker to run later than this."""
    promote_interval: PositiveFloat = 10.0
    """Seconds between looks for scheduled sends that fall due within the horizon; well below it."""

    feed_interval: PositiveFloat = 2.0
    """Seconds between looks for campaigns that are to be started or fed."""
    campaign_in_flight: PositiveInt = 2000
    """Sends of one campaign that may wait for a worker or be called: its next recipients become sends as these end."""
    feed_most: PositiveInt = 10_000
    """Sends of all campaigns together that may do so, shared out among accounts, then among the campaigns of each; an equal
    part is each account's own, even while others hold more than theirs."""

    retry_attempts: PositiveInt = 3
    """Calls to a provider for one delivery, the first included."""
    retry_seconds: PositiveFloat = 60.0
    """Seconds in which these calls must fall."""
    retry_base_delay: PositiveFloat = 1.0
    """Seconds before the second call; doubled for each further one."""
    late_fallback_seconds: Annotated[float, Field(ge=0)] = 86400.0
    """Seconds after a message was sent in which a failure its provider reports still opens the next tier."""
    pacing_sleep: PositiveFloat = 1.0
    """Seconds a worker waits for a delivery's turn at the most; whoever waits longer goes back into the queue."""

    connect_timeout: PositiveFloat = 5.0
    """Seconds to reach a provider; running out means *not sent*."""
    read_timeout: PositiveFloat = 20.0
    """Seconds to wait for a provider's answer; running out means *unknown*."""

    egress_allow: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Networks, comma-separated, that customers' webhooks and channel keys may reach although they are not public."""

    files_url: SecretStr = SecretStr("file:///var/lib/antar/files")
    """Where uploaded files are kept: ``file:///directory``, or ``s3://bucket/prefix?region=...&endpoint=...``."""
    max_file_bytes: PositiveInt = 100 * 1024 * 1024
    """Bytes of the largest file that may be uploaded."""
    file_link_seconds: PositiveInt = 3600
    """Seconds for which a link to a file works; above ``ANTAR_RETRY_SECONDS``, as providers fetch what a send carries."""

    campaign_rows: PositiveInt = 5_000_000
    """Rows of the largest file of recipients."""
    max_recipients_bytes: PositiveInt = 512 * 1024 * 1024
    """Bytes of the largest file of recipients."""

    tracing: bool = False
    """Whether spans are exported by OpenTelemetry, as the standard ``OTEL_*`` variables say. Without it traces are passed on."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port of ``GET /metrics`` for Prometheus: one of the machine's processes serves what all have counted; 0 serves nothing."""
    metrics_host: str = "127.0.0.1"
    """The address on which ``/metrics`` is served: keep it inside your network."""
    metrics_dir: Path = Path("/var/tmp/antar-metrics")  # noqa: S108 - as below: counts go on after a restart.
    """Where the processes of one machine, or of one container, keep what they have counted; private to their user, and best
    in memory (a tmpfs)."""

    journal_dir: Path = Path("/var/tmp/antar")  # noqa: S108 - survives a restart of the machine, and must belong to the worker's user.
    """Where a worker keeps outcomes while Postgres is away; private to its user, and the same after a restart."""
    shutdown_seconds: PositiveFloat = 60.0
    """Seconds after SIGTERM in which a worker has ended, come what may; above the longest provider call."""

    recover_interval: PositiveFloat = 15.0
    """Seconds between looks for work that was lost."""
    republish_after: PositiveFloat = 30.0
    """Seconds a queued delivery may wait unclaimed before it is published again."""
    probe_interval: PositiveFloat = 10.0
    """Seconds between looks for suspended channel keys that are to be asked again."""
    template_sync_interval: PositiveFloat = 3600.0
    """Seconds between two times that a number's templates are read from Meta, beside those that somebody asks for."""
    stalled_after: PositiveFloat = 60.0
    """Seconds tasks may wait with nobody taking any: then ``/readyz`` fails, and a worker that was free to take them ends."""
    late_after: PositiveFloat = 300.0
    """Seconds a delivery may be due and unclaimed before ``/readyz`` fails: above the time a backlog takes, and recovery."""
    partition_weeks_ahead: PositiveInt = 8
    """Weeks for which partitions are made ahead."""
    retention_days: PositiveInt = 90
    """Days that sends are kept after the end of their week; a week with a send that has not ended is kept until it has. Campaigns
    go so many days after their end, with their recipients and files."""
    statistics_days: PositiveInt = 400
    """Days that counts of deliveries are kept, hour by hour."""

    @field_validator("signal_url")
    @classmethod
    def _carried(cls, signals: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Refuse to do without a Redis. Raises :class:`ValueError` where the broker is none."""
        broker = info.data.get("broker_url")
        if signals is None and broker and is_rabbitmq(broker.get_secret_value()):
            raise ValueError("it must name a Redis: ANTAR_BROKER_URL names RabbitMQ, which carries no wake-ups")
        return signals

    @property
    def on_rabbitmq(self) -> bool:
        """Whether the broker is RabbitMQ."""
        return is_rabbitmq(self.broker_url.get_secret_value())

    @property
    def signals(self) -> str:
        """The Redis URL of wake-ups."""
        return (self.signal_url or self.broker_url).get_secret_value()


@lru_cache(maxsize=1)
def get() -> Settings:
    """Give this process's settings. Raises :class:`pydantic.ValidationError` naming the variable that is wrong."""
    return Settings()


def explain(error: ValidationError) -> str:
    """Name every variable that is wrong, without its value."""
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(f"ANTAR_{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}" for each in problems)
