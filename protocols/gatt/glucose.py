"""Glucose Service (GLS 1.0.1): a meter's records, each with its context.

A context belongs to the measurement with the same sequence number and has its time. It may come
before it; then it waits, with `MAX_WAITING` others at most. What is told in one transcript is
never told again in another: a measurement is passed on at once, its context when it comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from protocols.gatt.base import AnyCharacteristic, GattProfile, ProfileSession
from protocols.gatt.glucose_context import CONTEXT, GlucoseContext, transcribe_context
from protocols.gatt.glucose_measurement import (
    FEATURE,
    MEASUREMENT,
    GlucoseMeasurement,
    stamp_measurement,
)
from protocols.gatt.transcriber import Draft, Transcriber, Transcript
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.records import STRICT, Leniency
from protocols.model.observation import MeasurementStatus

MAX_WAITING: Final = 16
"""Contexts that wait for their measurement, and measurements that are remembered for theirs."""


class GlucoseSession(ProfileSession):
    """Joins contexts to their measurements over one connection."""

    def __init__(
        self,
        characteristics: Iterable[AnyCharacteristic],
        transcriber: Transcriber,
        *,
        leniency: Leniency = STRICT,
    ) -> None:
        super().__init__(characteristics, transcriber, leniency=leniency)
        self._measurements: OrderedDict[int, GlucoseMeasurement] = OrderedDict()
        self._contexts: OrderedDict[int, GlucoseContext] = OrderedDict()

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """A measurement with the context that waited for it, or a context with its time."""
        match record:
            case GlucoseMeasurement():
                super().transcribe(characteristic, record, draft)
                self._remember(record)
                context = self._contexts.pop(record.sequence_number, None)
                if context is not None:
                    transcribe_context(context, draft)
            case GlucoseContext():
                self._take_context(record, draft)
            case _:
                super().transcribe(characteristic, record, draft)

    def release_waiting(self, *, utc: datetime) -> Transcript:
        """Contexts whose measurement did not come, without a time; for the end of a retrieval."""
        draft = self.transcriber.begin(utc=utc, stored=True)
        while self._contexts:
            self._pass_on_alone(draft)
        return draft.finish()

    def _take_context(self, context: GlucoseContext, draft: Draft) -> None:
        measurement = self._measurements.get(context.sequence_number)
        if measurement is not None:
            stamp_measurement(measurement, draft)
            if measurement.concentration is not None and measurement.concentration.is_control:
                draft.status |= MeasurementStatus.TEST_DATA  # it was the meter's test, no meal's
            transcribe_context(context, draft)
            return
        self._contexts[context.sequence_number] = context
        if len(self._contexts) > MAX_WAITING:
            self._pass_on_alone(draft)

    def _pass_on_alone(self, draft: Draft) -> None:
        _, context = self._contexts.popitem(last=False)
        draft.warn("a glucose context without its measurement")
        draft.stored = True
        draft.stamp(None)
        transcribe_context(context, draft)

    def _remember(self, measurement: GlucoseMeasurement) -> None:
        self._measurements[measurement.sequence_number] = measurement
        self._measurements.move_to_end(measurement.sequence_number)
        if len(self._measurements) > MAX_WAITING:
            self._measurements.popitem(last=False)


PROFILE: Final = GattProfile(
    name="glucose",
    service=assigned_uuid(0x1808),
    specification="Glucose Service",
    version="1.0.1",
    characteristics=(MEASUREMENT, CONTEXT, FEATURE),
    session=GlucoseSession,
)
