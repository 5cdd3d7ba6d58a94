"""Decode what the recorder keeps once more, with the program as it is now.

The octets go through the same connection or sessions as they did when they came, at the times
they came. What they become now is compared with what they became then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from edge.drivers.gatt_conversation import Conversation
from edge.drivers.policy import DriverPolicy
from edge.errors import SettingsError
from edge.recorder.decoded import Made
from edge.recorder.records import Kind, Record
from edge.recorder.references import OctetRange, OctetTrail
from edge.recorder.ring import KeptRecording, Ring
from edge.transports.ble.base import Attribute
from edge.transports.ble.quirks import find_quirk
from protocols.errors import DecodeError, ProtocolError
from protocols.gatt.base import Property
from protocols.gatt.racp_codec import RECORD_ACCESS
from protocols.gatt.transcriber import Transcriber
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.events import ObservationsReported
from protocols.ieee20601.line_framings import RAW, STREAM_FRAMINGS
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.policies import ClockSetting
from protocols.ieee20601.requests import ACT_SET_BO_TIME, ACT_SET_TIME
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

Decoded = tuple[OctetRange, Observation]
_PART: Final = 1024
# A confirmed action of the MDS: Set-Time or Set-Base-Offset-Time (20601 7.4.2).
_SETS_CLOCK: Final = re.compile(
    rb"\x01\x07..\x00\x00(?:%b|%b)"
    % tuple(re.escape(action.to_bytes(2)) for action in (ACT_SET_TIME, ACT_SET_BO_TIME)),
    re.DOTALL,
)
_OWN_ID: Final = SystemId(bytes(8))


def decode_again(ring: Ring, recording: KeptRecording, policy: DriverPolicy) -> Iterator[Decoded]:
    """The observations of a recording as this program decodes them, each with its octets."""
    records = list(ring.records_of(recording.name))
    if recording.facts.get("kind") == "gatt":
        yield from _gatt(recording, records, policy)
    else:
        yield from _lines(recording, records, policy)


def _lines(
    recording: KeptRecording, records: list[Record], policy: DriverPolicy
) -> Iterator[Decoded]:
    known = _configurations(records)
    answer = b""
    # Whether the device's clock was set then is in what was sent, whatever the settings are now.
    manager = replace(policy, set_clocks=ClockSetting.WHEN_ALLOWED).manager(
        lambda: True, knows_time=lambda: _SETS_CLOCK.search(answer) is not None
    )
    framing = STREAM_FRAMINGS[str(recording.facts.get("framing", RAW))]
    connection = ManagerConnection(
        system_id=_OWN_ID,
        standard_configurations=STANDARD_CONFIGURATIONS,
        configurations=lambda system_id, config_id: known.get((str(system_id), config_id)),
        first_invoke_id=int(recording.facts.get("first_invoke_id", 0)),
        framing=framing(manager.limits),
        policy=manager,
        stored_pages=lambda *_: False,
    )
    trail = OctetTrail(recording.name)
    came = [record for record in records if record.kind is Kind.RECEIVED]
    if came:
        connection.transport_connected(now=came[0].monotonic_us / 1e6)
    for record, sent in zip(came, _answers(records), strict=True):
        answer = sent
        now = record.monotonic_us / 1e6
        _keep_time(connection, now)
        for start in range(0, len(record.payload), _PART):
            part = record.payload[start : start + _PART]
            connection.receive_data(part, now=now, utc=record.utc)
            received = record.offset + start + len(part)
            trail.advance(received=received, held=connection.octets_held)
            for observation in _told(connection, now):
                yield OctetRange.parse(trail.reference), observation
            _keep_time(connection, now)


def _answers(records: Iterable[Record]) -> list[bytes]:
    """What was sent after each record that came, before the next one."""
    answers: list[list[bytes]] = []
    for record in records:
        if record.kind is Kind.RECEIVED:
            answers.append([])
        elif record.kind is Kind.SENT and answers:
            answers[-1].append(record.payload)
    return [b"".join(parts) for parts in answers]


def _told(connection: ManagerConnection, now: float) -> Iterator[Observation]:
    connection.data_to_send()
    while (event := connection.next_event()) is not None:
        if isinstance(event, ObservationsReported):
            yield from event.observations
            if event.invoke_id is not None:
                connection.confirm(event.invoke_id, now=now, association=event.association)
                connection.data_to_send()


def _keep_time(connection: ManagerConnection, now: float) -> None:
    """Whatever was due before `now` happened then."""
    while (due := connection.next_deadline()) is not None and due <= now:
        connection.handle_deadline(now=due)
        connection.data_to_send()


def _configurations(records: Iterable[Record]) -> dict[tuple[str, int], Configuration]:
    known = {}
    for record in records:
        facts = record.facts if record.kind is Kind.LEARNT else {}
        if facts.get("configuration"):
            try:
                octets = bytes.fromhex(str(facts["configuration"]))
                configuration = decode_configuration(octets)
                known[str(facts["system_id"]), int(facts["config_id"])] = configuration
            except (ValueError, KeyError, ProtocolError) as exc:
                raise SettingsError("a configuration of the recording cannot be read") from exc
    return known


def _gatt(
    recording: KeptRecording, records: list[Record], policy: DriverPolicy
) -> Iterator[Decoded]:
    attributes = {item.handle: item for item in attributes_of(recording)}
    quirk = find_quirk(model=str(recording.facts.get("quirk", "")), name="")
    known_as = SystemId.parse(str(recording.facts.get("known_as", _OWN_ID)))
    transcriber = Transcriber(DeviceInfo(system_id=known_as), zone=policy.zone)
    conversation = Conversation(tuple(attributes.values()), quirk, transcriber)
    for record in records:
        attribute = attributes.get(record.channel)
        if record.kind is not Kind.RECEIVED or attribute is None:
            continue
        if attribute.uuid == RECORD_ACCESS.uuid:
            continue
        try:
            transcript = conversation.hear(
                attribute, record.payload, now=record.monotonic_us / 1e6, utc=record.utc
            )
        except DecodeError:
            continue  # it was told then, and is told by `decode`
        place = OctetRange(recording.name, record.offset, len(record.payload))
        for observation in transcript.observations:
            yield place, observation


def attributes_of(recording: KeptRecording) -> list[Attribute]:
    """The characteristics of the link as the recorder noted them."""
    return [
        Attribute(UUID(service), UUID(uuid), int(handle), Property(properties))
        for handle, uuid, service, properties in recording.facts.get("attributes", ())
    ]


@dataclass(frozen=True, slots=True)
class Difference:
    """One observation that became another: `then` or `now` is None where there is none."""

    place: OctetRange
    then: Made | None
    now: Made | None


@dataclass(slots=True)
class Comparison:
    """What one recording became then and becomes now."""

    recording: KeptRecording
    same: int
    differences: list[Difference]


def compare(ring: Ring, recording: KeptRecording, policy: DriverPolicy) -> Comparison:
    """Decode again and put beside it what was made then."""
    then = {
        made.identity: (place, made)
        for place, all_made in ring.made_of(recording.name)
        for made in all_made
    }
    same, differences, seen = 0, [], set()
    for place, observation in decode_again(ring, recording, policy):
        now = Made.of(observation)
        seen.add(now.identity)
        earlier = then.get(now.identity)
        if earlier is not None and earlier[1].digest == now.digest:
            same += 1
        else:
            differences.append(Difference(place, earlier and earlier[1], now))
    differences += [
        Difference(place, made, None)
        for identity, (place, made) in then.items()
        if identity not in seen
    ]
    return Comparison(recording, same, differences)
