"""How urgent an arriving patient is, in one word and with its reason. A display rule, no triage."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from cloud.api.console.happenings import Severity
from cloud.core.encounters.record import EncounterRecord


class Urgency(StrEnum):
    """In the order in which the list is sorted."""

    CRITICAL = "critical"
    URGENT = "urgent"
    STANDARD = "standard"
    UNKNOWN = "unknown"


RANK: Final[Mapping[str, int]] = {one.value: place for place, one in enumerate(Urgency)}
_ALERT_WORDS: Final[Mapping[str, str]] = {
    "stemi": "STEMI",
    "stroke": "Stroke",
    "arrest": "Cardiac arrest",
    "sepsis": "Sepsis",
    "trauma": "Major trauma",
}
_ACUITY: Final = (
    (("critical", "red", "immediate"), Urgency.CRITICAL),
    (("emergent", "yellow", "urgent"), Urgency.URGENT),
    (("lower_acuity", "green", "non_acute", "dead_without_resuscitation"), Urgency.STANDARD),
)
_BY_RISK: Final[Mapping[str, Urgency]] = {
    "high": Urgency.CRITICAL,
    "medium": Urgency.URGENT,
    "low-medium": Urgency.URGENT,
    "low": Urgency.STANDARD,
}


def alert_words(record: EncounterRecord) -> list[str]:
    """The alerts that were raised, as people call them."""
    return [_ALERT_WORDS.get(alert, alert) for alert in record.alerts]


def acuity_word(record: EncounterRecord) -> str:
    """The acuity as the crew told it, empty where nobody did."""
    return _word(record.value("acuity")).replace("_", " ")


def urgency_of(
    record: EncounterRecord, banner: Mapping[str, object], news2: Mapping[str, Any]
) -> tuple[Urgency, str]:
    """The gravest of what is known, and what it follows from."""
    found: list[tuple[Urgency, str]] = []
    if banner["severity"] in (Severity.CRITICAL, Severity.GOOD):
        found.append((Urgency.CRITICAL, str(banner["title"])))
    for alert in alert_words(record):
        grave = Urgency.CRITICAL if alert == _ALERT_WORDS["arrest"] else Urgency.URGENT
        found.append((grave, alert))
    word = _word(record.value("acuity")).lower().replace(" ", "_").replace("-", "_")
    found += [
        (urgency, f"acuity {acuity_word(record).lower()}")
        for words, urgency in _ACUITY
        if word in words
    ]
    if news2["risk"] is not None:
        least = "at least " if news2["total"] is None else ""
        words = f"NEWS2 {least}{news2['least']}"
        found.append((_BY_RISK[news2["risk"]], words))
    if not found:
        return Urgency.UNKNOWN, ""
    return min(found, key=lambda one: RANK[one[0].value])


def _word(value: object) -> str:
    """A coded value's name, or the text itself."""
    if isinstance(value, Mapping):
        return str(value.get("display") or value.get("code") or "")
    return str(getattr(value, "display", value) or "")
