"""Observation: everything a device measured or noticed, one resource a reading.

Shaped after the HL7 PHD guide; the base R4 vital-signs profiles are claimed where all they ask
for is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.clocks import Clocks, stamp_notes, tick_components
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import Names
from cloud.fhir.status import (
    absence,
    interpretation,
    observation_status,
    security,
    special_absence,
)
from cloud.fhir.times import instant
from protocols.model.codes import UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality

_SUPPLEMENTAL_TYPES: Final = (68193, "MDC_ATTR_SUPPLEMENTAL_TYPES")
_BP_COMPONENTS: Final = frozenset(("8480-6", "8462-4"))


def observation(names: Names, clocks: Clocks, stored: StoredObservation) -> Element:
    """One reading, local name its observation id; AssertionError for a waveform."""
    told = stored.observation
    value = str(told.observation_id)
    profile, loincs, body = _body(told)
    return frame(
        names,
        clocks,
        stored,
        profile=profile,
        category=category_of(told, loincs),
        identifiers=[
            {"system": systems.OBSERVATION, "value": value},
            names.filed("Observation", value),
        ],
        body=body,
    )


def frame(
    names: Names,
    clocks: Clocks,
    stored: StoredObservation,
    *,
    profile: str | None,
    category: str,
    identifiers: Sequence[Element],
    body: Element,
    issued_at: datetime | None = None,
) -> Element:
    """What every observation has around its value; `body` holds code, value and components.

    `issued_at` is when all of it was here, if later than `stored`.
    """
    observation = stored.observation
    gateway = stored.gateway_id
    return element(
        resourceType="Observation",
        meta=element(profile=[profile] if profile else None, security=security(observation.status))
        or None,
        extension=[
            {
                "url": systems.GATEWAY_EXTENSION,
                "valueReference": names.reference("Gateway", gateway),
            }
        ]
        if gateway
        else None,
        identifier=list(identifiers),
        status=observation_status(observation.status),
        category=_category(category),
        code=body.pop("code"),
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        **_effective(observation, body),
        issued=instant(issued_at or stored.received_at),
        **body,
        interpretation=interpretation(observation.status) + _flags(stored.flags),
        note=stamp_notes(stored),
        device=clocks.device(stored),
        derivedFrom=clocks.references(stored),
    )


def _category(code: str) -> list[Element]:
    return [{"coding": [{"system": systems.OBSERVATION_CATEGORY, "code": code}]}]


_VITAL_SIGN: Final = _category("vital-signs")


def category_of(observation: Observation, loincs: Sequence[str]) -> str:
    """vital-signs for what R4 counts as one, therapy for what a device gave, else exam."""
    if any(loinc in terms.VITAL_SIGN_CODES for loinc in loincs):
        return "vital-signs"
    return "therapy" if terms.is_private(observation.type) else "exam"


def has_vital_sign(resource: Element) -> bool:
    """Whether an observation made here stands among the vital signs."""
    return resource["category"] == _VITAL_SIGN


def is_vital_sign(observation: Observation) -> bool:
    """Whether the reading belongs in the vital signs."""
    if isinstance(observation, NumericObservation):
        unit: UnitCode | None = observation.value.unit
    elif isinstance(observation, CompoundNumericObservation) and observation.components:
        unit = observation.components[0][1].unit
    else:
        return False
    return category_of(observation, terms.loincs_of(observation.type, unit)) == "vital-signs"


def _body(observation: Observation) -> tuple[str | None, Sequence[str], Element]:
    """The profile that fits, the LOINC codes, and code, value and components."""
    match observation:
        case NumericObservation():
            return _numeric(observation)
        case CompoundNumericObservation():
            return _compound(observation)
        case CodedObservation():
            value: Element = {"valueCodeableConcept": terms.concept(observation.value)}
        case BitsObservation():
            value = {"valueString": f"{observation.bits:#x} ({observation.width} bits)"}
        case TextObservation():
            value = {"valueString": observation.text} if observation.text else _no_text()
        case SampleArrayObservation():
            raise AssertionError("waveforms become strips")
    reason = absence(observation.status)
    if reason is not None:
        value = {"dataAbsentReason": reason.concept()}
    body: Element = {"code": terms.concept(observation.type), **value}
    components = _supplements(observation)
    if isinstance(observation, BitsObservation) and reason is None:
        components = _bits(observation) + components
    if components:
        body["component"] = components
    return None, terms.loincs_of(observation.type), body


def _numeric(observation: NumericObservation) -> tuple[str | None, Sequence[str], Element]:
    unit = observation.value.unit
    loincs = terms.loincs_of(observation.type, unit)
    body = element(
        code=terms.concept(observation.type, unit),
        **_quantity_or_reason(observation.value, observation),
        component=_supplements(observation),
    )
    return _profile(loincs, [observation.value]), loincs, body


def _compound(
    observation: CompoundNumericObservation,
) -> tuple[str | None, Sequence[str], Element]:
    quantities = [quantity for _, quantity in observation.components]
    unit = quantities[0].unit if quantities else None
    loincs = terms.loincs_of(observation.type, unit)
    reason = absence(observation.status)
    components: list[JsonValue] = [
        element(
            code=terms.concept(code, quantity.unit), **_quantity_or_reason(quantity, observation)
        )
        for code, quantity in observation.components
    ]
    profile = _profile(loincs, quantities)
    if not _component_loincs(observation) >= _BP_COMPONENTS:
        profile = None
    body = element(
        code=terms.concept(observation.type, unit),
        dataAbsentReason=reason.concept() if reason else None,
        component=components + _supplements(observation),
    )
    return profile, loincs, body


def _component_loincs(observation: CompoundNumericObservation) -> frozenset[str]:
    return frozenset(
        loinc
        for code, quantity in observation.components
        for loinc in terms.loincs_of(code, quantity.unit)
    )


def _profile(loincs: Sequence[str], quantities: Sequence[Quantity]) -> str | None:
    """The vital-signs profile of a LOINC code when every unit is one it allows."""
    for loinc in loincs:
        vital = terms.VITAL_SIGNS.get(loinc)
        if vital and all(terms.ucum_of(quantity.unit) in vital.units for quantity in quantities):
            return vital.profile
    return None


def _quantity_or_reason(quantity: Quantity, observation: Observation) -> Element:
    """valueQuantity, or dataAbsentReason where the status or a special value forbids one.

    A status that says there is no value goes before a special value (PHD guide).
    """
    reason = absence(observation.status)
    if reason is None and isinstance(quantity.value, SpecialValue):
        reason = special_absence(quantity.value)
    if reason is not None:
        return {"dataAbsentReason": reason.concept()}
    assert isinstance(quantity.value, Decimal)  # noqa: S101 - the branch above took the rest
    return {"valueQuantity": terms.quantity(quantity.value, quantity.unit)}


def _effective(observation: Observation, body: Element) -> Element:
    """When it was observed; a time that cannot be known is said to be unknown, not invented."""
    if "effectivePeriod" in body:
        return {"effectivePeriod": body.pop("effectivePeriod")}
    if observation.observed_at.quality is TimeQuality.UNKNOWN:
        unknown: Element = {"url": systems.DATA_ABSENT_EXTENSION, "valueCode": "unknown"}
        return {"_effectiveDateTime": {"extension": [unknown]}}
    return {"effectiveDateTime": instant(observation.observed_at.at)}


def _supplements(observation: Observation) -> list[JsonValue]:
    """Supplemental types, and the ticks of a device without a calendar (PHD guide)."""
    types: list[JsonValue] = [
        {"code": terms.attribute(*_SUPPLEMENTAL_TYPES), "valueCodeableConcept": terms.concept(code)}
        for code in observation.supplements
    ]
    return types + tick_components(observation.observed_at.device_time)


def _bits(observation: BitsObservation) -> list[JsonValue]:
    """One component for every bit that is set; bit 0 is the most significant (PHD guide)."""
    return [
        {
            "code": {
                "coding": [
                    {"system": systems.PHD_BITS, "code": f"{observation.type.cf_code}.{bit}"}
                ],
                "text": f"Bit {bit} of {terms.label(observation.type)}",
            },
            "valueCodeableConcept": {
                "coding": [{"system": systems.YES_NO, "code": "Y", "display": "Yes"}]
            },
        }
        for bit in range(observation.width)
        if observation.bits >> (observation.width - 1 - bit) & 1
    ]


def _flags(flags: Sequence[str]) -> list[Element]:
    return [
        {"coding": [{"system": systems.FLAGS, "code": flag}], "text": flag.replace("_", " ")}
        for flag in flags
    ]


def _no_text() -> Element:
    return {
        "dataAbsentReason": {
            "coding": [{"system": systems.DATA_ABSENT, "code": "unknown"}],
            "text": "The device sent an empty text.",
        }
    }
