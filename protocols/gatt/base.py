"""What a GATT profile is: data, and a session a connection that turns values into transcripts.

A characteristic says how its octets are read and written and what the record means:

    MEASUREMENT: Final = Characteristic(
        uuid=assigned_uuid(0x2A5E),
        name="PLX Spot-Check Measurement",
        properties=Property.INDICATE,
        clause="PLXS 1.0.1, PLX Spot-Check Measurement",
        read=_read,                      FieldReader -> record
        write=_write,                    record, FieldWriter -> None
        transcribe=_transcribe,          record, Draft -> None
        decode_as=("plx", "plx_spot"),
    )

A profile whose values need one another (context behind a measurement, session start behind an
offset) names a session class of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag
from typing import Final, Generic, TypeVar
from uuid import UUID

from protocols.errors import LocalProtocolError
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft, Transcriber, Transcript
from protocols.gatt.uuids import short_text
from protocols.mder.records import STRICT, Leniency

R = TypeVar("R", covariant=True)


class Property(Flag):
    """Characteristic Properties (Core Specification, Vol 3 Part G 3.3.1.1)."""

    READ = 0x02
    WRITE_WITHOUT_RESPONSE = 0x04
    WRITE = 0x08
    NOTIFY = 0x10
    INDICATE = 0x20


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic(Generic[R]):
    """One characteristic: its name in the assigned-numbers list, its octets and their meaning.

    `properties` are those its service gives it; a real device's own table wins. `clause` is the
    document errors name. Without `transcribe` a record says nothing about the patient or the
    device. The rest is for people who read octets by hand: `decode_as` are names to ask for,
    `bits` the names of a field's bits (bit 0 lowest) by the field's name, and `doubts` says in
    sentences what is odd about a record that could be read.
    """

    uuid: UUID
    name: str
    properties: Property
    clause: str
    read: Callable[[FieldReader], R]
    write: Callable[[R, FieldWriter], None]
    transcribe: Callable[[R, Draft], None] | None = None
    decode_as: tuple[str, ...] = ()
    bits: Mapping[str, Mapping[int, str]] = field(default_factory=dict, hash=False)
    doubts: Callable[[R], Iterable[str]] | None = None

    def decode(
        self, octets: bytes, *, leniency: Leniency = STRICT, notes: list[str] | None = None
    ) -> R:
        """The record of a value; DecodeError when the octets do not follow the document."""
        reader = FieldReader(octets, clause=self.clause, leniency=leniency, notes=notes)
        record = self.read(reader)
        reader.finish()
        return record

    def encode(self, record: R) -> bytes:  # type: ignore[misc]  # its own `decode` gave it
        """The octets of a record; EncodeError when it has no wire form."""
        writer = FieldWriter(clause=self.clause)
        self.write(record, writer)
        return writer.octets


AnyCharacteristic = Characteristic[object]
"""A characteristic of whatever record: tables hold many kinds side by side."""


class ProfileSession:
    """One profile on one connection. Give it every value the device sends or answers with.

    `leniency` is for devices known to send surplus octets; values are strict by length else,
    since stacks have joined two notifications into one.
    """

    def __init__(
        self,
        characteristics: Iterable[AnyCharacteristic],
        transcriber: Transcriber,
        *,
        leniency: Leniency = STRICT,
    ) -> None:
        self.transcriber = transcriber
        self.leniency = leniency
        self._characteristics: Final = {item.uuid: item for item in characteristics}

    def value_received(
        self, uuid: UUID, octets: bytes, *, utc: datetime, stored: bool = False
    ) -> Transcript:
        """What a value says; `utc` is when it arrived, `stored` True for records of a store.

        Raises DecodeError for octets against the document and LocalProtocolError for a
        characteristic the profile does not have; the session then is as it was before.
        """
        characteristic = self._characteristics.get(uuid)
        if characteristic is None:
            raise LocalProtocolError(f"the profile has no characteristic {short_text(uuid)}")
        notes: list[str] = []
        record = characteristic.decode(octets, leniency=self.leniency, notes=notes)
        draft = self.transcriber.begin(utc=utc, stored=stored)
        draft.warn(*notes)
        self.transcribe(characteristic, record, draft)
        return draft.finish()

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """Put a record's meaning into the draft; sessions that remember override this."""
        if characteristic.transcribe is not None:
            characteristic.transcribe(record, draft)


@dataclass(frozen=True, slots=True, kw_only=True)
class GattProfile:
    """One profile: its service, the document it follows and its characteristics.

    `service` is None for characteristics that live in other services (Date Time).
    """

    name: str
    service: UUID | None
    specification: str
    version: str
    characteristics: tuple[AnyCharacteristic, ...]
    session: type[ProfileSession] = ProfileSession

    def open_session(
        self, transcriber: Transcriber, *, leniency: Leniency = STRICT
    ) -> ProfileSession:
        """A session for a new connection; sessions of one connection share the transcriber."""
        return self.session(self.characteristics, transcriber, leniency=leniency)
