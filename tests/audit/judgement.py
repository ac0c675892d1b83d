"""What the report of ``pip-audit`` comes to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Whether what is locked may be used, as far as is known."""

    found: tuple[str, ...]
    """A line for each known vulnerability."""
    asked: int
    """Packages that the service has told of."""
    not_asked: int
    """Packages that it could not be asked about."""
    trouble: str | None = None
    """Why nobody could be asked at all."""

    def passes(self, *, required: bool) -> bool:
        """Tell whether it passes; ``required`` is that every package has been asked about."""
        return not self.found and not (required and self.is_incomplete)

    @property
    def is_incomplete(self) -> bool:
        """Whether there are packages of which nothing is known."""
        return self.trouble is not None or self.not_asked > 0 or self.asked == 0

    def lines(self, *, required: bool) -> Iterator[str]:
        """Say it, the result last."""
        yield from self.found
        if self.trouble is not None:
            yield f"audit: NOT DONE, which counts as {_word(not required)}: {self.trouble}"
        elif self.found:
            yield f"audit: FAILED: {len(self.found)} known vulnerabilities in {self.asked} packages"
        elif self.is_incomplete:
            known = f"the service does not know {self.not_asked} of {self.asked + self.not_asked} packages"
            yield f"audit: NOT DONE, which counts as {_word(not required)}: {known}"
        else:
            yield f"audit: passed: no known vulnerability in {self.asked} packages"


def judge(report: str, errors: str) -> Judgement:
    """Judge what ``pip-audit --format json`` has written; what is no report is trouble."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Judgement(found=(), asked=0, not_asked=0, trouble=_last_line(errors))
    asked = [each for each in packages if "skip_reason" not in each]
    found = tuple(line for each in asked for line in _vulnerabilities(each))
    return Judgement(found=found, asked=len(asked), not_asked=len(packages) - len(asked))


def _vulnerabilities(package: dict[str, Any]) -> Iterator[str]:
    for each in package.get("vulns", ()):
        fixed = ", ".join(each.get("fix_versions") or ("no version yet",))
        yield f"{package['name']} {package['version']}: {each['id']}, mended in {fixed}"


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "it said nothing"


def _word(passed: bool) -> str:  # noqa: FBT001 - it is what is said.
    return "passed" if passed else "FAILED"
