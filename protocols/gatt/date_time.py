"""The Date Time characteristic (GATT Specification Supplement), which belongs to no service.

A&D devices have it inside Blood Pressure, Weight Scale and Health Thermometer Service and want it
written before anything else:

    octets = DATE_TIME.encode(DateTime.of(local))
    transcriber.clock_written(local, utc=utc)
"""

from __future__ import annotations

from typing import Final

from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid

_CLAUSE: Final = "GSS, Date Time"


def _read(reader: FieldReader) -> DateTime:
    return reader.date_time()


def _write(record: DateTime, writer: FieldWriter) -> None:
    writer.date_time(record)


def _transcribe(record: DateTime, draft: Draft) -> None:
    if record.at is None:
        draft.warn(f"a clock that does not know its date ({_CLAUSE})")
    else:
        draft.clock_read(record.at)


DATE_TIME: Final = Characteristic(
    uuid=assigned_uuid(0x2A08),
    name="Date Time",
    properties=Property.READ | Property.WRITE,
    clause=_CLAUSE,
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("dtm", "date_time"),
)

PROFILE: Final = GattProfile(
    name="date_time",
    service=None,
    specification="GATT Specification Supplement",
    version="13",
    characteristics=(DATE_TIME,),
)
