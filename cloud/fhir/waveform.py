"""Observation with SampledData: a strip of waveform as the device sampled it.

The integers stand as the device sent them; `factor` and `origin` make them physical values
(PHD guide, PhdRtsaObservation).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from cloud.fhir import systems, terms
from cloud.fhir.clocks import Clocks
from cloud.fhir.json import Element, JsonValue
from cloud.fhir.names import Names
from cloud.fhir.observation import frame
from cloud.fhir.status import absence
from cloud.fhir.strips import Leads, Strip
from cloud.fhir.times import instant
from protocols.model.codes import MdcCode

_US_PER_MS: Final = 1000
_ECG: Final = MdcCode(2, 256)
_LIST: Final = msgspec.json.Encoder()


def strip_observation(names: Names, clocks: Clocks, strip: Strip) -> Element:
    """One strip, local name `strip_name`.

    Its identifier is made of the first and last reading and the count, so a strip that grew since
    the last time is another resource rather than silently the old, shorter one.
    """
    value = names.within_encounter("Strip", strip_name(strip))
    reason = absence(strip.first.status)
    return frame(
        names,
        clocks,
        strip.chunks[0],
        profile=None,
        category="procedure",
        identifiers=[{"system": systems.OBSERVATION, "value": value}],
        issued_at=max(chunk.received_at for chunk in strip.chunks),
        body={
            "code": terms.concept(strip.first.type),
            "effectivePeriod": {"start": instant(strip.start), "end": instant(strip.end)},
            **(
                {"dataAbsentReason": reason.concept()}
                if reason
                else {"valueSampledData": _sampled_data(strip)}
            ),
        },
    )


def leads_observation(names: Names, clocks: Clocks, leads: Leads) -> Element:
    """Leads of one ECG, one component each, local name `leads_name`."""
    value = names.within_encounter("Leads", leads_name(leads))
    return frame(
        names,
        clocks,
        leads.chunks[0],
        profile=None,
        category="procedure",
        identifiers=[{"system": systems.OBSERVATION, "value": value}],
        issued_at=max(chunk.received_at for chunk in leads.chunks),
        body=leads_body(leads),
    )


def leads_body(leads: Leads) -> Element:
    """Code, period and components of an ECG: what of it is about nothing but the samples."""
    reason = absence(leads.strips[0].first.status)
    components: list[JsonValue] = [
        {
            "code": terms.own_concept(strip.first.type),
            **(
                {"dataAbsentReason": reason.concept()}
                if reason
                else {"valueSampledData": _sampled_data(strip)}
            ),
        }
        for strip in leads.strips
    ]
    return {
        "code": terms.concept(_ECG),
        "effectivePeriod": {"start": instant(leads.start), "end": instant(leads.end)},
        "component": components,
    }


def leads_name(leads: Leads) -> str:
    """What the leads are called inside the bundle."""
    return f"{strip_name(leads.strips[0])}:{len(leads.strips)}"


def strip_name(strip: Strip) -> str:
    """What the strip is called inside the bundle."""
    first, last = strip.chunks[0].observation, strip.chunks[-1].observation
    started = instant(strip.start)
    return f"{first.observation_id}:{last.observation_id}:{started}:{strip.count}"


def _sampled_data(strip: Strip) -> Element:
    chunk = strip.first
    return {
        "origin": terms.quantity(chunk.offset, chunk.unit),
        "period": milliseconds(chunk.period_us),
        "factor": chunk.scale,
        "dimensions": 1,
        "data": spelled(strip.samples),
    }


def spelled(samples: npt.NDArray[np.int32]) -> str:
    """The integers as SampledData writes them, one blank between two."""
    # An hour of ECG is a million of them: the JSON writer spells a list five times faster.
    return _LIST.encode(samples.tolist())[1:-1].replace(b",", b" ").decode()


def milliseconds(period_us: int) -> int | Decimal:
    """Microseconds as exact milliseconds without trailing zeros."""
    if period_us % _US_PER_MS == 0:
        return period_us // _US_PER_MS
    return Decimal(period_us).scaleb(-3).normalize()
