"""The curves on the board: which waveform is in which strip, and a chunk as the page draws it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from cloud.core.observations.stored import StoredObservation
from protocols.model.observation import SampleArrayObservation
from protocols.nomenclature.lookup import find, find_unit

LEAD_II: Final = 131330
PLETH: Final = 150452
CAPNOGRAM: Final = 151724
_OTHER_LEADS: Final = (131328, 131329, 131389, 131390, 131391, 131392, *range(131331, 131337))
LANES: Final[Mapping[int, str]] = {
    LEAD_II: "ecg",
    PLETH: "pleth",
    CAPNOGRAM: "co2",
    **dict.fromkeys(_OTHER_LEADS, "ecg"),
}
"""From the 32-bit MDC code of a waveform to the strip it is drawn in."""


def lane_of(stored: StoredObservation) -> str:
    """The strip of a reading, empty for one that is no curve of the board."""
    if not isinstance(stored.observation, SampleArrayObservation):
        return ""
    return LANES.get(stored.observation.type.cf_code, "")


def is_lead_ii(stored: StoredObservation) -> bool:
    """Whether it is the lead the board shows wherever there is one."""
    return stored.observation.type.cf_code == LEAD_II


def wave_payload(stored: StoredObservation, devices: Mapping[str, str]) -> dict[str, object] | None:
    """A chunk as the page draws it, None for what no strip shows.

    `curve` is one waveform of one device: what two measure is never drawn into one line.
    """
    chunk, lane = stored.observation, lane_of(stored)
    if not lane or not isinstance(chunk, SampleArrayObservation):
        return None
    unit, term = find_unit(chunk.unit), find(chunk.type)
    name = term.display if term is not None else f"Curve {chunk.type.cf_code}"
    device = devices.get(stored.device_id, "")
    return {
        "id": str(chunk.observation_id),
        "lane": lane,
        "curve": f"{stored.device_id}:{chunk.type.cf_code}",
        "label": f"{name} \u00b7 {device}" if device else name,
        "at": chunk.observed_at.at.isoformat(),
        "period_us": chunk.period_us,
        "scale": chunk.scale,
        "offset": chunk.offset,
        "unit": unit.ucum if unit is not None else "",
        "samples": np.frombuffer(chunk.samples, dtype="<i4").tolist(),
    }
