"""The curves on the page: chunks packed once for every screen, and the last seconds kept."""

from __future__ import annotations

from binascii import b2a_base64
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from edge.crew.readings import Payload, unit_text
from protocols.model.codes import SystemId
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.contents import shortened

ECG_LEADS: Final = {
    131329: "I",
    131330: "II",
    131389: "III",
    131390: "aVR",
    131391: "aVL",
    131392: "aVF",
    131331: "V1",
    131332: "V2",
    131333: "V3",
    131334: "V4",
    131335: "V5",
    131336: "V6",
}
PLETH: Final = 150452
CAPNOGRAM: Final = 151724
CURVES: Final = {**{code: f"ecg-{lead}" for code, lead in ECG_LEADS.items()}} | {
    PLETH: "pleth",
    CAPNOGRAM: "co2",
}
"""From the 32-bit MDC code of a waveform to the lane it is drawn in."""
KEPT_SECONDS: Final = 12.0
_MOST_CHUNKS: Final = 2000
_MOST_CURVES: Final = 64


@dataclass(slots=True)
class Waves:
    """The last seconds of every curve of every device, for a screen that has just come."""

    _kept: dict[tuple[str, SystemId], deque[tuple[float, Payload]]] = field(default_factory=dict)

    def take(self, chunk: SampleArrayObservation, names: Mapping[SystemId, str]) -> Payload | None:
        """The chunk as a screen draws it, None for a curve no screen shows."""
        lane = CURVES.get(chunk.type.cf_code)
        if lane is None:
            return None
        packed = pack(chunk, lane, names.get(chunk.device, ""))
        kept = self._of((lane, chunk.device))
        end = chunk.observed_at.at + timedelta(microseconds=chunk.period_us * chunk.count)
        kept.append((end.timestamp(), packed))
        while kept and kept[0][0] < kept[-1][0] - KEPT_SECONDS:
            kept.popleft()
        return packed

    def recent(self) -> list[Payload]:
        """What is kept, lane by lane of every device, in the order of arrival."""
        return [packed for kept in self._kept.values() for _, packed in kept]

    def clear(self) -> None:
        """Another patient: nothing of the last one's curves is shown."""
        self._kept.clear()

    def _of(self, curve: tuple[str, SystemId]) -> deque[tuple[float, Payload]]:
        if curve not in self._kept:
            if len(self._kept) >= _MOST_CURVES:
                del self._kept[min(self._kept, key=lambda one: self._kept[one][-1][0])]
            self._kept[curve] = deque(maxlen=_MOST_CHUNKS)
        return self._kept[curve]


def pack(chunk: SampleArrayObservation, lane: str, source: str) -> Payload:
    """One chunk: `d` are the samples in base64, little endian, `w` octets each, signed.

    A curve is one lane `k` of one device `dev`: two devices with the same lead are two curves.

    `at` is the first sample's time in milliseconds since 1970, `p` the period in microseconds; the
    physical value is sample x `s` + `o` in unit `u`.
    """
    octets = shortened(chunk.samples)
    return {
        "k": lane,
        "i": str(chunk.observation_id),
        "from": source,
        "dev": chunk.device.octets.hex(),
        "at": round(chunk.observed_at.at.timestamp() * 1000, 3),
        "p": chunk.period_us,
        "s": float(chunk.scale),
        "o": float(chunk.offset),
        "u": unit_text(chunk.unit),
        "w": 4 if octets is None else 2,
        "d": b2a_base64(chunk.samples if octets is None else octets, newline=False).decode("ascii"),
    }
