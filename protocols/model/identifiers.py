"""Deterministic identities: the same measurement has the same id, wherever it is worked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from protocols.model.codes import MdcCode, SystemId
from protocols.model.timestamps import DeviceTime

NAMESPACE: Final = UUID("6f1d0f0c-7a53-5b43-9d0e-5c1f2f6b8a11")
ID_OCTETS: Final = 16
_VERSION_5: Final = 5 << 76
_VARIANT: Final = 1 << 63
_KEPT: Final = ~((0xF << 76) | (0b11 << 62)) & ((1 << 128) - 1)


class Naming(NamedTuple):
    """What stands for the device's time in an id: an aware time of reception, a counter.

    The counter is that of the reading: 65536 times the report's, and its position there.
    """

    received_at: datetime
    counter: int


class Named(NamedTuple):
    """An id, and what it was named by where no device's time did that."""

    observation_id: UUID
    named_by: Naming | None


@dataclass(frozen=True, slots=True)
class Identity:
    """All of a measurement's identity but its time: the same for every reading of one object.

    `head` and `tail` are what stands before and behind the time in the name of the UUIDv5.
    """

    head: bytes
    tail: bytes

    @classmethod
    def of(
        cls,
        system_id: SystemId,
        type_code: MdcCode,
        supplements: Iterable[MdcCode] = (),
        *,
        apart: str = "",
    ) -> Identity:
        """Of one device, one type and the supplemental types that tell two readings apart.

        `apart` names what else does: which of two probes, which of a device's users; empty where
        nothing must.
        """
        extra = ",".join(str(code) for code in sorted(supplements))
        head = f"{system_id.hex}|{type_code}|".encode()
        tail = f"|{extra}|{apart}" if apart else f"|{extra}"
        return cls(NAMESPACE.bytes + head, tail.encode())

    def stamped(self, device_time: DeviceTime, duration_us: int = 0) -> UUID:
        """See `observation_id`."""
        return UUID(bytes=self.at(stamp_of(device_time), duration_us))

    def clockless(self, received_at: str, report_counter: int, duration_us: int = 0) -> UUID:
        """See `clockless_observation_id`."""
        return UUID(bytes=self.at(reception_of(received_at, report_counter), duration_us))

    def at(self, stamp: bytes, duration_us: int = 0) -> bytes:
        """The sixteen octets of the id with this stamp (`stamp_of`, `reception_of`)."""
        return id_named(b"%b%b%b" % (self.head, stamp, self.behind(duration_us)))

    def behind(self, duration_us: int) -> bytes:
        """What stands behind the time in the name of an id, `head` before it."""
        return b"|%d%b" % (duration_us, self.tail)


def id_named(name: bytes) -> bytes:
    """The id of a name (`Identity.head`, time, `Identity.behind`)."""
    return _id_of(sha1(name, usedforsecurity=False).digest())


def _id_of(digest: bytes) -> bytes:
    # RFC 9562 5.5, UUIDv5: the first 128 bits of a SHA-1, version and variant put in.
    number = int.from_bytes(digest[:ID_OCTETS], "big")
    return (number & _KEPT | _VERSION_5 | _VARIANT).to_bytes(ID_OCTETS, "big")


def ids_of(names: Sequence[bytes]) -> bytes:
    """The ids of these names (`Identity.head`, time, `Identity.behind`), sixteen octets each."""
    digests = [sha1(name, usedforsecurity=False).digest()[:ID_OCTETS] for name in names]
    # All of them as one number: version and variant are put in at once.
    kept, given = (
        int.from_bytes(one.to_bytes(ID_OCTETS, "big") * len(names), "big")
        for one in (_KEPT, _VERSION_5 | _VARIANT)
    )
    number = int.from_bytes(b"".join(digests), "big") & kept | given
    return number.to_bytes(ID_OCTETS * len(names), "big")


def stamp_of(device_time: DeviceTime) -> bytes:
    """The time of an id by the device's own time."""
    return name_of_stamp(device_time.kind, device_time.value)


def name_of_stamp(kind: str, value: str) -> bytes:
    """As `stamp_of`, of the two texts of a device's time."""
    return f"{kind}={value}".encode()


def reception_of(received_at: str, report_counter: int) -> bytes:
    """The time of an id by the reception time and the report counter."""
    return f"received={received_at}#{report_counter}".encode()


def observation_id(
    *,
    system_id: SystemId,
    type_code: MdcCode,
    device_time: DeviceTime,
    duration_us: int = 0,
    supplements: Iterable[MdcCode] = (),
    apart: str = "",
) -> UUID:
    """The id of a measurement stamped by its device.

    After the conditional-create rule of the HL7 PHD guide without the patient: device, type,
    the device's own time, duration (microseconds) and supplemental types. No value is in it, so
    a repeated record keeps its id whatever happened to the value on the way. `apart` see
    `Identity.of`.
    """
    identity = Identity.of(system_id, type_code, supplements, apart=apart)
    return identity.stamped(device_time, duration_us)


def clockless_observation_id(
    *,
    system_id: SystemId,
    type_code: MdcCode,
    received_at: str,
    report_counter: int,
    duration_us: int = 0,
    supplements: Iterable[MdcCode] = (),
    apart: str = "",
) -> UUID:
    """The id of a measurement whose device has no clock, or a live one with ticks alone.

    Reception time (ISO 8601 UTC) and the association's report counter stand in for the
    device's time; else two equal readings would become one.
    """
    identity = Identity.of(system_id, type_code, supplements, apart=apart)
    return identity.clockless(received_at, report_counter, duration_us)


def marked_id(identity: UUID, mark: str) -> UUID:
    """The id of a measurement that has all that identifies another one, and `mark` besides.

    A UUIDv5 whose namespace is the other's id (RFC 9562 5.5): the value of another kind of one
    reading, or a second reading of one time in the same report.
    """
    return uuid5(identity, mark)


def name_reading(
    *,
    system_id: SystemId,
    type_code: MdcCode,
    device_time: DeviceTime | None,
    stored: bool,
    received_at: datetime,
    report_counter: int,
    position: int = 0,
    duration_us: int = 0,
    supplements: Iterable[MdcCode] = (),
    apart: str = "",
) -> Named:
    """The id of a reading, whichever of the two above it gets.

    A calendar stamp identifies a reading, and so does the tick of a `stored` record, which stays
    in its memory and comes again. The tick of a live reading does not: a counter that starts
    again with the device would give an old id to a new reading, and the new one would be dropped
    as a repeat. `report_counter` counts the reports of the connection, `position` (below 65536)
    the readings of one report; `received_at` is aware.
    """
    if device_time is not None and (stored or not device_time.is_relative):
        identity = observation_id(
            system_id=system_id,
            type_code=type_code,
            device_time=device_time,
            duration_us=duration_us,
            supplements=supplements,
            apart=apart,
        )
        return Named(identity, None)
    named_by = Naming(received_at, (report_counter << 16) + position)
    identity = clockless_observation_id(
        system_id=system_id,
        type_code=type_code,
        received_at=received_at.astimezone(UTC).isoformat(),
        report_counter=named_by.counter,
        duration_us=duration_us,
        supplements=supplements,
        apart=apart,
    )
    return Named(identity, named_by)
