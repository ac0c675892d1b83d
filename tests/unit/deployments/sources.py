"""What lies in ``deploy``, read."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[3]
DEPLOY: Final = ROOT / "deploy"
KINDS: Final = ("image", "compose", "systemd", "kubernetes")

_SECONDS: Final = {"": 1, "s": 1, "m": 60, "min": 60}


def texts(kind: str) -> Iterator[tuple[Path, str]]:
    """Give the files of one way to deploy."""
    return ((path, path.read_text()) for path in sorted((DEPLOY / kind).rglob("*")) if path.is_file())


@functools.cache
def compose() -> dict[str, Any]:
    """Give the file of Docker Compose."""
    return dict(yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text()))


def services() -> dict[str, dict[str, Any]]:
    """Give antar's own services in it."""
    return {name: each for name, each in compose()["services"].items() if each["image"].startswith("antar:")}


@functools.cache
def manifests() -> list[dict[str, Any]]:
    """Give every object of Kubernetes, the secret's example included."""
    paths = [path for path in sorted((DEPLOY / "kubernetes").glob("*/*.yaml")) if path.name != "kustomization.yaml"]
    return [document for path in paths for document in yaml.safe_load_all(path.read_text())]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """Give the objects of one kind, by name."""
    return {each["metadata"]["name"]: each for each in manifests() if each["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Give what runs in Kubernetes, by name, as its pods are to be."""
    return {name: each["spec"]["template"] for kind in ("Deployment", "Job") for name, each in of_kind(kind).items()}


def container(pod: dict[str, Any]) -> dict[str, Any]:
    """Give the only container of a pod."""
    (found,) = pod["spec"]["containers"]
    return dict(found)


@functools.cache
def unit(name: str) -> dict[str, list[str]]:
    """Give the directives of a unit, with those of the drop-in that all services have."""
    common = (DEPLOY / "systemd" / "antar-.service.d" / "50-antar.conf").read_text() if name.endswith(".service") else ""
    found: dict[str, list[str]] = {}
    for directive, value in re.findall(r"^(\w+)=(.*)$", (DEPLOY / "systemd" / name).read_text() + common, re.MULTILINE):
        found.setdefault(directive, []).append(value)
    return found


def units() -> list[str]:
    """Give the names of the services."""
    return sorted(path.name for path in (DEPLOY / "systemd").glob("*.service"))


def seconds(duration: str) -> int:
    """Read a duration as Compose and systemd write it."""
    number, measure = re.fullmatch(r"(\d+)(\w*)", duration).groups()  # type: ignore[union-attr]  # Another form is to fail.
    return int(number) * _SECONDS[measure]
