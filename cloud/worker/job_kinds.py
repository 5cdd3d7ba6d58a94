"""What each kind of job does, step by step: after each step its progress is told, and whoever
cancelled it is heard.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloud.core.encounters.beginnings import began_within
from cloud.core.encounters.gathering import gather_handover
from cloud.core.jobs import kinds
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ExpiredError, NotFoundError
from cloud.core.kernel.exact_json import dumps
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database
from cloud.core.quality import service as quality
from cloud.core.quality.figures import Figure
from cloud.core.quality.periods import period
from cloud.fhir.bundle import transaction_bundle

_HOME: Final = "Europe/London"
_DETAIL: Final = "trend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a job has to work with: it is done for `owner`, and may read what they may."""

    database: Database
    vault: Vault
    clock: Clock
    owner: Principal
    parameters: Mapping[str, Any]
    base_url: str = ""

    def moment(self, name: str) -> datetime:
        """A parameter that is a time."""
        return datetime.fromisoformat(self.parameters[name])


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is, and what that adds to the result."""

    done: int
    total: int | None = None
    octets: bytes = b""


def export(task: Task) -> Iterator[Step]:
    """The bundles of a period, one a line; what was erased meanwhile is not among them."""
    with task.database.begin(now=task.clock()) as work:
        found = began_within(work, task.owner, task.moment("since"), task.moment("until"))
    yield Step(0, len(found))
    for done, encounter_id in enumerate(found, start=1):
        line = b""
        with contextlib.suppress(NotFoundError, ExpiredError):
            line = dumps(_bundle(task, encounter_id)) + b"\n"
        yield Step(done, len(found), line)


def _bundle(task: Task, encounter_id: str) -> dict[str, Any]:
    with task.database.begin(now=task.clock()) as work:
        handover = gather_handover(work, task.vault, task.owner, encounter_id, _DETAIL)
    address = f"{task.base_url}/api/v1/epcr/encounters/{encounter_id}/fhir-bundle?detail={_DETAIL}"
    return transaction_bundle(
        handover, detail=_DETAIL, page=1, page_url=lambda number: f"{address}&page={number}"
    )


def judge(task: Task) -> Iterator[Step]:
    """Judge what waits in a period, then count."""
    over = period(task.moment("since"), task.moment("until"), _HOME)
    done, remaining = 0, None
    while remaining != 0:
        with task.database.begin(now=task.clock()) as work:
            before = remaining
            remaining = quality.judge_waiting(work, task.owner, period=over)
        done += quality.AT_ONCE if before is None else before - remaining
        yield Step(done, done + remaining)
    with task.database.begin(now=task.clock()) as work:
        counted = quality.figures(work, task.owner, quality.Selection(period=over)).figures
    document = {
        "since": over.start.isoformat(),
        "until": over.end.isoformat(),
        "metrics": [_metric(one) for one in counted],
    }
    yield Step(done, done, dumps(document))


def _metric(one: Figure) -> dict[str, Any]:
    return {
        "name": one.indicator.name,
        "unit": one.indicator.unit,
        "value": one.value,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "exceptions": one.exceptions,
        "excluded": one.excluded,
        "unknown": one.unknown,
        "missing": one.missing,
    }


def verify(task: Task) -> Iterator[Step]:
    """Prove the audit's chain. A broken one is a result, not a failure."""
    with task.database.reading(now=task.clock()) as work:
        report = audit.verify(work, task.owner.tenant_id)
    document = {
        "intact": report.broken_at is None,
        "entries": report.entries,
        "broken_at": report.broken_at,
        "ends_in": report.ends_in,
    }
    yield Step(report.entries, report.entries, dumps(document))


Doing = Callable[[Task], Iterator[Step]]
DOING: Final[Mapping[str, Doing]] = {
    kinds.EXPORT: export,
    kinds.QUALITY: judge,
    kinds.AUDIT: verify,
}
