"""NEWS2 on paper: the score at the handover, or when it was printed, with its parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cloud.core.encounters.early_warning import SOURCES, EarlyWarning, worked_out
from cloud.core.encounters.handover import Handover
from cloud.core.observations.stored import StoredObservation
from protocols.model.early_warning import NAMES

_CODES: Final = {code for one in SOURCES.values() for code in (*one.codes, *one.panels)}
_EACH: Final = 8
"""So many of the newest readings of each device and type are looked through."""


def score_of(handover: Handover, printed_at: datetime) -> EarlyWarning:
    """The score when the patient was handed over, else when it is printed."""
    at = min(handover.handover_at or printed_at, printed_at)
    return worked_out(handover.record, _newest(handover.observations, at), at)


def score_words(found: EarlyWarning) -> str:
    """The score in a sentence."""
    score, at = found.score, f"{found.at:%H:%M:%S}"
    if found.unfit:
        return f"The chart is not made for this patient ({found.unfit})."
    if score.total is None:
        missing = ", ".join(NAMES[name].lower() for name in score.missing[:-1])
        last = NAMES[score.missing[-1]].lower()
        named = f"{missing} and {last}" if missing else last
        return f"At {at}: at least {score.least}. No total: {named} missing or too old."
    risk = "" if score.risk is None else f", {score.risk.value} risk"
    return f"At {at}: {score.total}{risk}."


def score_rows(found: EarlyWarning) -> list[list[str]]:
    """The parts that are known, with their points."""
    return [
        [NAMES[part.name], str(part.points)]
        for part in found.score.parts
        if part.points is not None
    ]


def _newest(observations: Iterable[StoredObservation], at: datetime) -> list[StoredObservation]:
    lanes: dict[tuple[str, int], list[StoredObservation]] = defaultdict(list)
    for stored in observations:
        observation = stored.observation
        if observation.type.cf_code in _CODES and observation.observed_at.at <= at:
            lanes[stored.device_id, observation.type.cf_code].append(stored)
    return [
        one
        for lane in lanes.values()
        for one in sorted(lane, key=lambda one: one.observation.observed_at.at)[-_EACH:]
    ]
