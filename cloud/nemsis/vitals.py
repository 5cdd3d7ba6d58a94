"""eVitals: a group for every minute in which anything was found, by devices and by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import PertinentNegative, Vital
from cloud.nemsis import codes
from cloud.nemsis.structure import Content, Told
from cloud.nemsis.times import date_time
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import TimeQuality
from protocols.nomenclature.lookup import ucum

_GLUCOSE: Final = Decimal("18.0182")
"""mg/dL for each mmol/L."""
_WITHOUT_VALUE: Final = (
    MeasurementStatus.INVALID | MeasurementStatus.NOT_AVAILABLE | MeasurementStatus.ONGOING
)
_HEART_RATE: Final = "eVitals.10"
_SPO2: Final = "eVitals.12"
_RESPIRATION: Final = "eVitals.14"
_CO2: Final = "eVitals.16"
_GLUCOSE_LEVEL: Final = "eVitals.18"
_MEASURED: Final = {
    147842: _HEART_RATE,
    149530: _HEART_RATE,
    149546: _HEART_RATE,
    150456: _SPO2,
    151562: _RESPIRATION,
    151578: _RESPIRATION,
    151594: _RESPIRATION,
    151708: _CO2,
    150021: "eVitals.06",
    160184: _GLUCOSE_LEVEL,
}
_BY_HAND: Final = {
    ("heart_rate", "value"): _HEART_RATE,
    ("spo2", "value"): _SPO2,
    ("respiration_rate", "value"): _RESPIRATION,
    ("etco2", "value"): _CO2,
    ("blood_pressure", "systolic"): "eVitals.06",
    ("glucose", "value"): _GLUCOSE_LEVEL,
    ("gcs", "eye"): "eVitals.19",
    ("gcs", "verbal"): "eVitals.20",
    ("gcs", "motor"): "eVitals.21",
    ("pain", "value"): "eVitals.27",
}
_WORDS: Final = {
    ("rhythm", "rhythm"): ("eVitals.03", codes.RHYTHMS),
    ("avpu", "level"): ("eVitals.26", codes.ALERTNESS),
    ("fast", "result"): ("eVitals.29", codes.STROKE_RESULTS),
}
_GROUPS: Final = {
    "eVitals.CardiacRhythmGroup": ("eVitals.03", "eVitals.04", "eVitals.05"),
    "eVitals.BloodPressureGroup": ("eVitals.06",),
    "eVitals.HeartRateGroup": ("eVitals.10",),
    "eVitals.GlasgowScoreGroup": ("eVitals.19", "eVitals.20", "eVitals.21", "eVitals.22"),
    "eVitals.PainScaleGroup": ("eVitals.27",),
    "eVitals.StrokeScaleGroup": ("eVitals.29", "eVitals.30"),
}
Minute = dict[str, Told]


def vital_groups(handover: Handover) -> list[Content]:
    """The findings, the last of a minute for each element; what devices flagged is left out."""
    minutes: defaultdict[tuple[datetime, bool], Minute] = defaultdict(dict)
    for stored in handover.observations:
        observation = stored.observation
        if stored.flags or observation.observed_at.quality is TimeQuality.UNKNOWN:
            continue
        at = observation.observed_at.at.replace(second=0, microsecond=0)
        for name, told in _measured(observation):
            minutes[at, False][name] = told
    for vital in handover.record.vitals:
        at = vital.at.replace(second=0, microsecond=0)
        for name, told in _by_hand(vital):
            minutes[at, vital.before_arrival][name] = told
    return [
        _group(at, minute, is_before=is_before)
        for (at, is_before), minute in sorted(minutes.items(), key=lambda item: item[0])
    ]


def _group(at: datetime, minute: Minute, *, is_before: bool) -> Content:
    stamp = date_time(at)
    grouped = {name for names in _GROUPS.values() for name in names}
    told: dict[str, Sequence[Told]] = {
        "eVitals.01": (Told(stamp),),
        "eVitals.02": (Told(codes.YES if is_before else codes.NO),),
        **{name: (one,) for name, one in minute.items() if name not in grouped},
    }
    groups = {
        group: (Content({name: (minute[name],) for name in names if name in minute}),)
        for group, names in _GROUPS.items()
    }
    before = "-before" if is_before else ""
    return Content(told, groups, {"CorrelationID": f"vitals-{stamp}{before}"})


def _measured(observation: Observation) -> Iterable[tuple[str, Told]]:
    if isinstance(observation, NumericObservation):
        parts = [(observation.type, observation.value)]
    elif isinstance(observation, CompoundNumericObservation):
        parts = list(observation.components)
    else:
        return
    for code, quantity in parts:
        name = _MEASURED.get(code.cf_code)
        if name is not None:
            yield name, _quantity(name, quantity, observation.status)


def _quantity(name: str, quantity: Quantity, status: MeasurementStatus) -> Told:
    if status & _WITHOUT_VALUE or not isinstance(quantity.value, Decimal):
        return Told(negative=PertinentNegative.UNABLE_TO_COMPLETE)
    return _number(name, quantity.value, ucum(quantity.unit) or "")


def _by_hand(vital: Vital) -> Iterable[tuple[str, Told]]:
    if vital.not_done is not None or vital.not_value is not None:
        told = Told(not_value=vital.not_value, negative=vital.not_done)
        for name in _elements_of(vital.type):
            yield name, told
        return
    for part, value in vital.values:
        number = _BY_HAND.get((vital.type, part))
        if number is not None and isinstance(value, Decimal):
            yield number, _number(number, value, vital.unit)
        word = _WORDS.get((vital.type, part))
        if word is not None and str(value) in word[1]:
            yield word[0], Told(word[1][str(value)])


def _elements_of(kind: str) -> list[str]:
    names = [name for (one, _), name in _BY_HAND.items() if one == kind]
    return names + [name for (one, _), (name, _) in _WORDS.items() if one == kind]


def _number(name: str, value: Decimal, unit: str) -> Told:
    """A whole number, as these elements are; glucose in mg/dL, CO2 with its unit beside it."""
    if name == _GLUCOSE_LEVEL and unit == "mmol/L":
        value *= _GLUCOSE
    whole = Told(str(value.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
    if name != _CO2:
        return whole
    if unit not in codes.CO2_UNITS:
        return Told(negative=PertinentNegative.UNABLE_TO_COMPLETE)
    # A tenth of a kilopascal or per cent matters, of a millimetre it does not.
    text = whole.text if unit == "mm[Hg]" else f"{value.quantize(Decimal('0.1')):f}"
    return Told(text, attributes={"ETCO2Type": codes.CO2_UNITS[unit]})
