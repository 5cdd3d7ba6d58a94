"""The curves on the page: chunks packed once for every screen, and the last seconds kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.crew.readings import Payload, unit_text
from protocols.model.codes import SystemId
from protocols.model.observation import SAMPLE_OCTETS, SampleArrayObservation
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

    _curves: dict[tuple[int, bytes], _Curve] = field(default_factory=dict)

    def take(self, chunk: SampleArrayObservation, names: Mapping[SystemId, str]) -> Payload | None:
        """The chunk as a screen draws it, None for a curve no screen shows."""
        key = (chunk.type.cf_code, chunk.device.octets)
        curve = self._curves.get(key)
        if curve is None:
            lane = CURVES.get(key[0])
            if lane is None:
                return None
            curve = self._begin(key, lane)
        return curve.take(chunk, names.get(chunk.device, ""))

    def recent(self) -> list[Payload]:
        """What is kept, lane by lane of every device, in the order of arrival."""
        return [packed for curve in self._curves.values() for _, packed in curve.kept]

    def clear(self) -> None:
        """Another patient: nothing of the last one's curves is shown."""
        self._curves.clear()

    def _begin(self, key: tuple[int, bytes], lane: str) -> _Curve:
        if len(self._curves) >= _MOST_CURVES:
            del self._curves[min(self._curves, key=lambda one: self._curves[one].kept[-1][0])]
        curve = self._curves[key] = _Curve(lane)
        return curve


@dataclass(slots=True)
class _Curve:
    """One lane of one device; `kept`: each chunk behind the time it ends at, in seconds."""

    lane: str
    kept: deque[tuple[float, Payload]] = field(default_factory=lambda: deque(maxlen=_MOST_CHUNKS))
    _facts: tuple[object, ...] = ()
    _head: Payload = field(default_factory=dict)

    def take(self, chunk: SampleArrayObservation, source: str) -> Payload:
        """Keep a chunk, as a screen draws it."""
        # Of a device's chunks these are the same ones, seldom even equal ones.
        facts = (source, chunk.scale, chunk.offset, chunk.unit, chunk.period_us)
        if facts != self._facts:
            self._facts, self._head = facts, head_of(chunk, self.lane, source)
        at, kept = chunk.observed_at.at.timestamp(), self.kept
        packed = pack(chunk, self._head, at)
        kept.append((at + chunk.period_us * (len(chunk.samples) // SAMPLE_OCTETS) / 1e6, packed))
        while kept[0][0] < kept[-1][0] - KEPT_SECONDS:
            kept.popleft()
        return packed


def head_of(chunk: SampleArrayObservation, lane: str, source: str) -> Payload:
    """What is the same for every chunk of a curve, see `pack`."""
    return {
        "k": lane,
        "from": source,
        "dev": chunk.device.octets.hex(),
        "p": chunk.period_us,
        "s": float(chunk.scale),
        "o": float(chunk.offset),
        "u": unit_text(chunk.unit),
    }


def pack(chunk: SampleArrayObservation, head: Payload, at: float) -> Payload:
    """One chunk: `d` are the samples, little endian, `w` octets each, signed; base64 on its way.

    Octets and ids are spelt out when the frame is written: that costs less than here, and they
    take less room while they are kept. A curve is one lane `k` of one device `dev`: two devices
    with the same lead are two curves.

    `at` is given in seconds since 1970 and goes on in milliseconds, the first sample's time; `p`
    is the period in microseconds; the physical value is sample x `s` + `o` in unit `u`.
    """
    octets = shortened(chunk.samples)
    return {
        **head,
        "i": chunk.observation_id,
        "at": round(at * 1000, 3),
        "w": 4 if octets is None else 2,
        "d": chunk.samples if octets is None else octets,
    }
