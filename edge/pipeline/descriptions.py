"""A device is described before its first observation of an association travels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from edge.buffer.answers import Appended
from edge.buffer.clocks import TOLERANCE_US
from edge.buffer.times import moved_with_clock
from edge.clock import Clock
from edge.pipeline.sink import ObservationSink
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.uplink.messages import Content

_MOST_DEVICES = 256


@dataclass(slots=True)
class DescriptionBook:
    """What each device said last, so that a report ahead of the description has one too."""

    _infos: OrderedDict[SystemId, DeviceInfo] = field(default_factory=OrderedDict)

    def remember(self, info: DeviceInfo) -> None:
        """Keep the newest description; the device heard of longest ago gives way."""
        self._infos[info.system_id] = info
        self._infos.move_to_end(info.system_id)
        while len(self._infos) > _MOST_DEVICES:
            self._infos.popitem(last=False)

    def find(self, system_id: SystemId) -> DeviceInfo:
        """The last description, or one that knows the identity alone."""
        return self._infos.get(system_id) or DeviceInfo(system_id=system_id)


@dataclass(slots=True)
class DescribedSource:
    """What one association captures, on its way to the sink."""

    sink: ObservationSink
    book: DescriptionBook
    clock: Clock | None = None
    _begun_us: int | None = None
    _described: set[SystemId] = field(default_factory=set)

    def begin(self) -> None:
        """A new association: its device is described again, and both clocks are read anew."""
        self._described.clear()
        self._begun_us = None if self.clock is None else self.clock.difference_us()

    async def append(
        self,
        infos: Sequence[DeviceInfo],
        observations: Sequence[Observation],
        *,
        octets: str = "",
    ) -> Appended:
        """Store both durably, each device's description ahead of its observations."""
        observations = self._on_the_clock_of_now(observations)
        for info in infos:
            self.book.remember(info)
        contents: list[Content] = list(infos)
        said = self._described | {info.system_id for info in infos}
        device: SystemId | None = None
        for observation in observations:
            if observation.device is device:
                continue
            device = observation.device
            if device not in said:
                contents.append(self.book.find(device))
                said.add(device)
        contents += observations
        appended = Appended(0, 0)
        if contents:
            appended = await self.sink.append(contents, octets=octets)
        # Only now: had the buffer been full, nothing would have been said.
        self._described = said
        descriptions = len(contents) - len(observations)
        return Appended(appended.stored - descriptions, appended.repeated)

    def _on_the_clock_of_now(self, observations: Sequence[Observation]) -> Sequence[Observation]:
        """The wall clock was set since the device's clock was read beside it: move what it maps."""
        if self.clock is None or self._begun_us is None:
            return observations
        moved_us = self.clock.difference_us() - self._begun_us
        if abs(moved_us) <= TOLERANCE_US:
            return observations
        by = timedelta(microseconds=moved_us)
        return [moved_with_clock(observation, by) for observation in observations]
