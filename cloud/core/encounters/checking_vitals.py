"""Whether a finding may be told: its parts, their unit, and a score as the sum of its parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from cloud.core.encounters.catalogue import VITAL_RULES, Part, VitalRule
from cloud.core.encounters.checking import (
    IMPLAUSIBLE,
    Faults,
    Members,
    check_unit,
    is_absent,
    number,
    objects,
    whole,
    word,
)
from protocols.model.early_warning import PARTS, Score
from protocols.model.early_warning import Part as Points

_Entry = dict[str, Any]
_SCORE: Final = "{score}"
_GCS_PARTS: Final = ("eye", "verbal", "motor")
_FAST_PARTS: Final = ("face", "arm", "speech")


def check_vital(value: Members, place: str, faults: Faults) -> _Entry:
    """What is kept of a finding; a score is worked out of its parts, or must be their sum."""
    kind = word(value.get("type"), tuple(VITAL_RULES), f"{place}.type", faults)
    if not kind:
        return {}
    if is_absent(value):
        for name in ("values", "unit"):
            if name in value:
                faults.add(f"{place}.{name}", "not beside not_done or not_value")
        return {"type": kind}
    rule = VITAL_RULES[kind]
    given = objects(value.get("values"), tuple(rule.parts), f"{place}.values", faults)
    if given is None:
        return {"type": kind}
    told = {
        name: _part(given[name], rule.parts[name], f"{place}.values.{name}", faults)
        for name in rule.parts
        if name in given
    }
    if not given:
        faults.add(f"{place}.values", "missing")
    if not told:
        return {"type": kind}
    entry: _Entry = {"type": kind, "values": _SUMS.get(kind, _as_told)(told, place, faults)}
    unit = _unit(value, rule, entry["values"], place, faults)
    if unit:
        entry["unit"] = unit
        _weigh(kind, rule, unit, told, faults)
    return entry


def _part(value: Any, part: Part, place: str, faults: Faults) -> str | int | None:  # noqa: ANN401 - JSON
    if part.words and (isinstance(value, str) or not part.is_number):
        return word(value, part.words, place, faults)
    if part.between is not None:
        return whole(value, *part.between, place, faults)
    return number(value, place, faults)


def _unit(value: Members, rule: VitalRule, told: _Entry, place: str, faults: Faults) -> str:
    has_number = any(_is_number(rule, name, one) for name, one in told.items())
    if not has_number:
        if "unit" in value:
            faults.add(f"{place}.unit", "not without a number")
        return ""
    allowed = tuple(rule.limits)
    if "unit" not in value and allowed == (_SCORE,):
        return _SCORE
    return check_unit(value.get("unit"), allowed, f"{place}.unit", faults)


def _is_number(rule: VitalRule, name: str, value: object) -> bool:
    return rule.parts[name].is_number and value not in rule.parts[name].words


def _weigh(kind: str, rule: VitalRule, unit: str, told: _Entry, faults: Faults) -> None:
    low, high = rule.limits[unit]
    numbers = {
        name: Decimal(value)
        for name, value in told.items()
        if value is not None and _is_number(rule, name, value)
    }
    if not all(low <= value <= high for value in numbers.values()):
        faults.flag(IMPLAUSIBLE)
    has_both = kind == "blood_pressure" and numbers.keys() >= {"systolic", "diastolic"}
    if has_both and numbers["systolic"] < numbers["diastolic"]:
        faults.flag(IMPLAUSIBLE)


def _as_told(told: _Entry, _place: str, _faults: Faults) -> _Entry:
    return told


def _gcs(told: _Entry, place: str, faults: Faults) -> _Entry:
    parts = [told[name] for name in _GCS_PARTS if isinstance(told.get(name), int)]
    if len(parts) == len(_GCS_PARTS):
        return _summed(told, sum(parts), place, faults)
    if "total" in told and any(name in told for name in _GCS_PARTS):
        faults.add(f"{place}.values.total", "not with a part missing or not testable")
    return told


def _summed(told: _Entry, total: int, place: str, faults: Faults) -> _Entry:
    if told.get("total", total) != total:
        faults.add(f"{place}.values.total", "the sum of its parts")
    return {**told, "total": total}


def _fast(told: _Entry, place: str, faults: Faults) -> _Entry:
    parts = [told[name] for name in _FAST_PARTS if name in told]
    if "abnormal" in parts:
        result = "positive"
    elif parts == ["normal"] * len(_FAST_PARTS):
        result = "negative"
    elif parts:
        result = "inconclusive"
    else:
        return told
    if told.get("result", result) != result:
        faults.add(f"{place}.values.result", "what its parts say")
    return {**told, "result": result}


def _news2(told: _Entry, place: str, faults: Faults) -> _Entry:
    parts = {name: told[name] for name in PARTS if name in told}
    if not parts:
        return told
    score = Score(tuple(Points(name, parts.get(name)) for name in PARTS))
    if score.total is None and "total" in told:
        faults.add(f"{place}.values.total", "not with a part missing")
        return told
    found = told if score.total is None else _summed(told, score.total, place, faults)
    if score.risk is None:
        return found
    if found.get("risk", score.risk.value) != score.risk.value:
        faults.add(f"{place}.values.risk", "what its parts say")
    return {**found, "risk": score.risk.value}


_SUMS: Final = {"gcs": _gcs, "fast": _fast, "news2": _news2}
"""What works a score out of its parts."""
