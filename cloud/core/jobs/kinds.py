"""The kinds of long work there are: what each does, who may start it, what it has to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.scopes import (
    ACQI_READ,
    AUDIT_READ,
    EPCR_HANDOVER,
    EPCR_READ,
    PLATFORM_ADMIN,
)
from cloud.core.quality.periods import LONGEST

EXPORT: Final = "epcr.export"
QUALITY: Final = "acqi.judge"
AUDIT: Final = "audit.verify"
NDJSON: Final = "application/fhir+ndjson"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing a job is told. `read` gives it as it is kept, ValueError for what means nothing."""

    name: str
    sentence: str
    sample: str
    read: Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A row of the list. `any_of` are scopes of which one is enough to start it, `widened_by` those
    with which more is in its result; `longest` is the longest period it takes.
    """

    name: str
    sentence: str
    any_of: tuple[str, ...]
    media_type: str
    parameters: tuple[Parameter, ...] = ()
    widened_by: tuple[str, ...] = ()
    longest: timedelta | None = None


def _moment(value: Any) -> str:  # noqa: ANN401 - whatever the caller sent
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError
    at = datetime.fromisoformat(value)
    if at.utcoffset() is None:
        raise ValueError
    return at.astimezone(UTC).isoformat()


_SINCE: Final = Parameter(
    "since", "The first moment of the period, RFC 3339.", "2026-11-01T00:00:00Z", _moment
)
_UNTIL: Final = Parameter(
    "until", "The first moment behind the period, RFC 3339.", "2026-12-01T00:00:00Z", _moment
)
_PERIOD: Final = (_SINCE, _UNTIL)
KINDS: Final[Mapping[str, JobKind]] = {
    one.name: one
    for one in (
        JobKind(
            name=EXPORT,
            sentence="The transaction bundles of all encounters that began in a period, one a "
            "line, as this application may read them.",
            any_of=(EPCR_READ,),
            media_type=NDJSON,
            parameters=_PERIOD,
            widened_by=(EPCR_HANDOVER,),
        ),
        JobKind(
            name=QUALITY,
            sentence="Judge the encounters of a period by every indicator, and count.",
            any_of=(ACQI_READ,),
            media_type=JSON,
            parameters=_PERIOD,
            longest=LONGEST,
        ),
        JobKind(
            name=AUDIT,
            sentence="Prove the tenant's audit from its first entry to its last.",
            any_of=(AUDIT_READ, PLATFORM_ADMIN),
            media_type=JSON,
        ),
    )
}


def _wrong_in_period(kind: JobKind, since: datetime, until: datetime) -> dict[str, str]:
    if since >= until:
        return {"until": "later than since"}
    if kind.longest is not None and until - since > kind.longest:
        return {"until": f"at most {kind.longest.days} days later than since"}
    return {}


def check_parameters(kind: JobKind, given: Mapping[str, Any]) -> dict[str, str]:
    """The parameters as they are kept; InvalidError `invalid_request` with one entry a field."""
    known = {one.name for one in kind.parameters}
    # An unknown name is the caller's text: it comes back shortened, values never do.
    wrong = {name[:40]: "unknown_parameter" for name in given if name not in known}
    kept = {}
    for one in kind.parameters:
        try:
            kept[one.name] = one.read(given.get(one.name))
        except (ValueError, OverflowError):
            wrong[one.name] = f"like {one.sample}"
    if not wrong and kind.parameters == _PERIOD:
        wrong = _wrong_in_period(kind, *(datetime.fromisoformat(kept[one.name]) for one in _PERIOD))
    if wrong:
        raise InvalidError(
            "invalid_request",
            "Correct the fields in details.fields.",
            details={
                "fields": [
                    {"field": f"parameters.{name}", "rule": rule} for name, rule in wrong.items()
                ]
            },
        )
    return kept
