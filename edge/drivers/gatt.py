"""Drive the profile sessions of one GATT device over one link: from connected to gone.

The order that everything stands on: a value is durable, then the record it is counts as fetched.
Values are switched on before anything is read, indications first, for a device that kept something
sends it at once; they wait in the link until it is known who speaks and how its clock goes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from edge.clock import Clock
from edge.drivers.gatt_clock import ClockKeeper
from edge.drivers.gatt_conversation import Conversation
from edge.drivers.gatt_memory import GattMemory, GattPolicy, Probe
from edge.drivers.gatt_reception import GattReception
from edge.drivers.gatt_records import StoredRecords
from edge.drivers.gatt_table import ServiceTable
from edge.drivers.gatt_watch import StreamWatch
from edge.drivers.recorded_link import RecordedLink
from edge.drivers.wishes import Wish, Wishes
from edge.errors import (
    AttributeRefusedError,
    TransportClosedError,
    TransportTimeoutError,
)
from edge.transports.ble.base import Attribute, GattTransport, ReceivedValue
from edge.transports.ble.quirks import STARTS, Bonding, Poll, Quirk
from protocols.errors import DecodeError
from protocols.gatt.battery import LEVEL as BATTERY_LEVEL
from protocols.gatt.racp_codec import RECORD_ACCESS
from protocols.gatt.transcriber import Transcriber, Transcript

log = logging.getLogger(__name__)

T = TypeVar("T")
_LULL_SECONDS: Final = 2.0
"""Without a value for so long, a device that kept something has sent it."""


class GattDriver:
    """One link to one device."""

    def __init__(
        self,
        link: GattTransport,
        memory: GattMemory,
        reception: GattReception,
        *,
        quirk: Quirk,
        policy: GattPolicy,
        clock: Clock,
        wishes: Wishes,
        bonded: bool = False,
        knows_time: Callable[[], bool] = lambda: False,
    ) -> None:
        recording = reception.recording
        self._link: GattTransport = RecordedLink(link, recording, clock)
        self._memory = memory
        self._reception = reception
        self._quirk = quirk
        self._policy = policy
        self._clock = clock
        self._wishes = wishes
        self._table = ServiceTable(
            memory, link.attributes, bonded=bonded, name=reception.health.name
        )
        transcriber = Transcriber(
            memory.info, oldest_live=policy.oldest_live, zone=policy.clock.zone
        )
        self._conversation = Conversation(link.attributes, quirk, transcriber, recording)
        self._clocks = ClockKeeper(
            self._link,
            self._conversation,
            reception,
            clock=clock,
            policy=policy.clock,
            knows_time=knows_time,
        )
        self._subscribed: list[Attribute] = []
        self._records: dict[int, StoredRecords] = {}
        self._watch = StreamWatch(policy.watch, memory.patience, 0.0)
        self._probe: Probe | None = None
        self._probe_at: float | None = None
        self._poll_at: dict[UUID, float] = {}
        self._quiet_since = 0.0
        self._paired = False
        self._ending = False

    async def run(self) -> None:
        """Return when asked to end; TransportError when the link ended or was found dead."""
        try:
            await self._open()
            while not self._asked_to_end():
                values = await self._wishes.read_or_wake(self._link.receive, self._patience())
                if values:
                    await self._take(values)
                await self._handle_time()
        finally:
            now = self._clock.monotonic()
            for records in self._records.values():
                records.link_down(now=now)
            self._reception.end()

    async def _open(self) -> None:
        if not self._conversation.has_measurements:
            raise TransportClosedError(
                "the device has no service that this gateway knows how to read"
            )
        if self._quirk.bonding is Bonding.AT_ONCE:
            await self._link.pair()
            self._paired = True
        if self._quirk.clock_first:
            await self._clocks.look(always_set=True)
            await self._clocks.set()
        if early := self._table.is_to_be_checked_first:
            await self._compare_table()
        await self._subscribe()
        first = await self._read_values()
        if not early:
            await self._compare_table()
        if not self._quirk.clock_first:
            await self._clocks.look()
        device = self._conversation.transcriber.device
        self._table.recognize(device)
        self._memory.info = device
        self._reception.begin(device.system_id, self._conversation.profile_names)
        await self._reception.store(first, received_at=self._clock.monotonic())
        now = self._clock.monotonic()
        self._quiet_since = now
        self._watch = StreamWatch.of(
            (item.uuid for item in self._subscribed),
            self._policy.watch,
            self._memory.patience,
            now=now,
        )
        self._poll_at = {poll.uuid: now for poll in self._quirk.polls}
        if self._probe is not None:
            self._probe_at = now + self._policy.watch.probe_seconds
        for records in self._records.values():
            records.link_up(device.system_id, now=now)
        for attribute in self._link.attributes:
            if attribute.uuid in STARTS:
                await self._guarded(attribute, self._start)
        self._table.holds()
        await self._handle_time()

    async def _subscribe(self) -> None:
        for attribute in self._conversation.subscriptions:
            if await self._guarded(attribute, self._subscribe_to):
                self._subscribed.append(attribute)
        for attribute in self._conversation.record_points:
            if attribute in self._subscribed:
                self._records[attribute.handle] = self._memory.records_of(
                    attribute.service, self._policy.fetch
                )
        if not self._subscribed and self._conversation.subscriptions:
            raise TransportClosedError("the device lets none of its values be switched on")

    async def _subscribe_to(self, attribute: Attribute) -> bool:
        await self._link.subscribe(attribute)
        return True

    async def _start(self, attribute: Attribute) -> None:
        await self._link.write(attribute, STARTS[attribute.uuid])

    async def _read_values(self) -> list[Transcript]:
        transcripts = []
        for attribute in self._conversation.readings:
            value = await self._guarded(attribute, self._link.read)
            if value is None:
                continue
            if self._probe is None or attribute.uuid == BATTERY_LEVEL.uuid:
                self._probe = Probe(attribute, value.octets)
            if (transcript := self._hear_value(value)) is not None:
                transcripts.append(transcript)
        return transcripts

    async def _guarded(
        self, attribute: Attribute, act: Callable[[Attribute], Awaitable[T]]
    ) -> T | None:
        """What `act` gives; None when the device refuses. It is paired once, if it asks for it."""
        try:
            return await act(attribute)
        except AttributeRefusedError as exc:
            self._table.refused(exc, is_switch=act == self._subscribe_to)
            if not exc.needs_bond or self._paired or self._quirk.bonding is Bonding.NEVER:
                self._reception.warn(str(exc))
                return None
        self._paired = True
        await self._link.pair()
        return await self._guarded(attribute, act)

    async def _compare_table(self) -> None:
        """Another firmware has other services, and the host may still believe in the old ones."""
        sign = self._conversation.transcriber.device.firmware.encode()
        if self._table.hash_attribute is not None:
            told = await self._guarded(self._table.hash_attribute, self._link.read)
            sign = told.octets if told is not None else sign
        self._table.compare(sign)

    async def _take(self, values: Sequence[ReceivedValue]) -> None:
        """Store the values, in order; an answer of a record point only once its records are."""
        self._quiet_since = self._clock.monotonic()
        heard: list[Transcript] = []
        oldest = values[0].received_at
        for value in values:
            self._watch.heard(value.attribute.uuid, at=value.received_at)
            if value.attribute.uuid == RECORD_ACCESS.uuid:
                await self._store(heard, oldest)
                heard = []
                await self._answer_of_records(value)
            elif (transcript := self._hear_value(value)) is not None:
                heard.append(transcript)
        await self._store(heard, oldest)
        self._reception.note_lost(self._link.values_lost)

    def _hear_value(self, value: ReceivedValue) -> Transcript | None:
        try:
            transcript = self._conversation.hear(
                value.attribute, value.octets, now=value.received_at, utc=value.utc
            )
        except DecodeError as exc:
            self._reception.warn(f"a value that cannot be read ({exc})")
            return None
        for handle, records in self._records.items():
            if self._service_of(handle) == value.attribute.service:
                records.take(records.claimed(transcript, value), now=value.received_at)
        return transcript

    def _service_of(self, handle: int) -> UUID:
        return next(
            item.service for item in self._conversation.record_points if item.handle == handle
        )

    async def _store(self, heard: Sequence[Transcript], received_at: float) -> None:
        if not heard:
            return
        await self._reception.store(heard, received_at=received_at)
        if any(item.observations for item in heard):
            self._reception.receiving()
        for records in self._records.values():
            records.durable()

    async def _answer_of_records(self, value: ReceivedValue) -> None:
        records = self._records.get(value.attribute.handle)
        if records is None:
            return
        now = self._clock.monotonic()
        self._conversation.note(value.attribute, value.octets, now=value.received_at, utc=value.utc)
        records.access.receive_data(value.octets, now=now)
        if not records.is_busy:
            rest = self._conversation.release_waiting(utc=value.utc)
            if rest is not None:
                await self._store([rest], value.received_at)
        records.handle_time(now=now, device=self._reception.health.name)

    async def _handle_time(self) -> None:
        now = self._clock.monotonic()
        silence = self._watch.silence(now=now)
        if silence is not None:
            self._reception.health.link.watchdog_trips += 1
            raise TransportClosedError(
                f"nothing came for {silence:.0f} s on a link that calls itself connected"
            )
        await self._ask_for_records(now)
        for poll in self._quirk.polls:
            await self._poll(poll, now)
        if self._probe is not None and self._probe_at is not None and now >= self._probe_at:
            self._probe_at = now + self._policy.watch.probe_seconds
            await self._ask_for_life(self._probe)
        if self._clocks.is_due and not self._is_fetching and now >= self._lull_at:
            await self._clocks.set()

    async def _ask_for_records(self, now: float) -> None:
        for point in self._conversation.record_points:
            records = self._records.get(point.handle)
            if records is None:
                continue
            records.handle_time(now=now, device=self._reception.health.name)
            # A request that is refused ends the retrieval, or is written again in a while.
            while octets := records.data_to_send():
                for request in octets:
                    await self._write_request(point, records, request)
                records.handle_time(now=self._clock.monotonic(), device=self._reception.health.name)

    async def _write_request(self, point: Attribute, records: StoredRecords, octets: bytes) -> None:
        try:
            await self._link.write(point, octets)
        except AttributeRefusedError as exc:
            records.access.write_refused(exc.att_error, now=self._clock.monotonic())

    async def _ask_for_life(self, probe: Probe) -> None:
        """Read something; a device that does not answer is gone, whatever the host says."""
        try:
            value = await self._guarded(probe.attribute, self._link.read)
        except TransportTimeoutError as exc:
            self._reception.health.link.watchdog_trips += 1
            raise TransportClosedError(
                "the device does not answer on a link that calls itself connected"
            ) from exc
        if value is not None and value.octets != probe.octets:
            probe.octets = value.octets
            if (transcript := self._hear_value(value)) is not None:
                now = self._clock.monotonic()
                await self._reception.store([transcript], received_at=now)

    async def _poll(self, poll: Poll, now: float) -> None:
        if now < self._poll_at[poll.uuid]:
            return
        self._poll_at[poll.uuid] = now + poll.seconds
        for attribute in self._link.attributes:
            if attribute.uuid == poll.uuid:
                await self._link.write(attribute, poll.octets)

    @property
    def _is_fetching(self) -> bool:
        return any(records.is_busy for records in self._records.values())

    @property
    def _lull_at(self) -> float:
        return self._quiet_since + _LULL_SECONDS

    def _patience(self) -> float | None:
        """Seconds until something is due, None when nothing is."""
        deadlines = [self._watch.next_deadline(), self._probe_at, *self._poll_at.values()]
        deadlines += [records.next_deadline() for records in self._records.values()]
        if self._clocks.is_due and not self._is_fetching:
            deadlines.append(self._lull_at)
        known = [at for at in deadlines if at is not None]
        return max(0.0, min(known) - self._clock.monotonic()) if known else None

    def _asked_to_end(self) -> bool:
        while (wish := self._wishes.take()) is not None:
            if wish is Wish.RELEASE_AND_END:
                self._ending = True
        return self._ending
