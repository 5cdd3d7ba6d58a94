"""Commands in the contract's binary form: msgpack arrays that grow at the end.

A command of a kind the reader does not know is read all the same, so that it can be answered.
Nothing but DecodeError leaves a decoder.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode
from protocols.uplink import commands as cmd
from protocols.uplink.bounded import (
    COMMANDS_VERSION,
    UNREADABLE,
    check_times,
    check_version,
    decode_bounded,
)

MOST_IN_A_LIST: Final = 64
_LONGEST_KIND: Final = 64

_ENCODER: Final = msgspec.msgpack.Encoder()


class _CommandRecord(msgspec.Struct, array_like=True, frozen=True):
    version: int
    command_id: UUID
    kind: str
    issued_at: datetime
    expires_at: datetime
    request: msgspec.Raw


class _BindRecord(msgspec.Struct, array_like=True, frozen=True):
    encounter_id: str
    number: str
    started_at: datetime
    complaint: str = ""
    sex: str = ""


class _WindowRecord(msgspec.Struct, array_like=True, frozen=True):
    from_at: datetime
    to_at: datetime
    leads: tuple[int, ...] = ()


class _ReleaseRecord(msgspec.Struct, array_like=True, frozen=True):
    encounter_id: str
    status: str = ""


class _TextRecord(msgspec.Struct, array_like=True, frozen=True):
    text: str = ""


class _DevicesRecord(msgspec.Struct, array_like=True, frozen=True):
    version: int
    devices: tuple[tuple[str, str, str, str], ...] = ()
    settled: tuple[UUID, ...] = ()
    outcomes: tuple[tuple[UUID, str, str, str, str], ...] = ()


_COMMAND: Final = msgspec.msgpack.Decoder(_CommandRecord)
_COMMANDS: Final = msgspec.msgpack.Decoder(tuple[bytes, ...])


def encode_command(command: cmd.Command) -> bytes:
    """The binary form of a command."""
    return _ENCODER.encode(
        _CommandRecord(
            COMMANDS_VERSION,
            command.command_id,
            command.kind,
            command.issued_at,
            command.expires_at,
            msgspec.Raw(_request_octets(command.request)),
        )
    )


def decode_command(data: bytes) -> cmd.Command:
    """Read a command; DecodeError for anything else.

    A request that is not known here, or whose members are not what this contract says, comes as
    `UnknownRequest` with its octets.
    """
    record = decode_bounded(_COMMAND, data)
    check_version(record.version)
    check_times(record.issued_at, record.expires_at)
    if not 0 < len(record.kind) <= _LONGEST_KIND:
        raise DecodeError("command: its kind has no usable name")
    octets = bytes(record.request)
    try:
        request = _read_request(record.kind, octets)
    except (*UNREADABLE, DecodeError):
        request = None
    return cmd.Command(
        command_id=record.command_id,
        issued_at=record.issued_at,
        expires_at=record.expires_at,
        request=request or cmd.UnknownRequest(kind=record.kind, octets=octets),
    )


def encode_commands(commands: tuple[bytes, ...]) -> bytes:
    """Several encoded commands in one body (the HTTPS way)."""
    return _ENCODER.encode(commands)


def decode_commands(data: bytes) -> tuple[bytes, ...]:
    """The encoded commands of one body, at most `MOST_IN_A_LIST`; DecodeError for anything else."""
    found = decode_bounded(_COMMANDS, data)
    if len(found) > MOST_IN_A_LIST:
        raise DecodeError("commands: more than one body may hold")
    return found


def _request_octets(request: cmd.Request) -> bytes:
    match request:
        case cmd.BindEncounter():
            record: object = _BindRecord(
                request.encounter_id,
                request.number,
                request.started_at,
                request.complaint,
                request.sex,
            )
        case cmd.ReleaseEncounter():
            record = _ReleaseRecord(request.encounter_id, request.status)
        case cmd.ApplyConfiguration():
            record = _TextRecord(request.signed)
        case cmd.SendWaveformWindow():
            leads = tuple(lead.cf_code for lead in request.leads)
            record = _WindowRecord(request.from_at, request.to_at, leads)
        case cmd.InstallCertificate():
            record = _TextRecord(request.certificate)
        case cmd.Revoke():
            record = _TextRecord(request.reason)
        case cmd.ListDevices():
            rows = tuple(
                (one.system_id, one.serial_number, one.manufacturer, one.vehicle_id)
                for one in request.devices
            )
            outcomes = tuple(
                (one.enrolment_id, one.state, one.reason, one.code, one.vehicle_id)
                for one in request.outcomes
            )
            record = _DevicesRecord(request.version, rows, request.settled, outcomes)
        case cmd.UnknownRequest():
            return request.octets
        case _:
            record = ()
    return _ENCODER.encode(record)


def _read_request(kind: str, octets: bytes) -> cmd.Request | None:
    """The request of a known kind, None for another kind; a decoding error of either library."""
    match kind:
        case "encounter.bind":
            bind = msgspec.msgpack.decode(octets, type=_BindRecord)
            check_times(bind.started_at)
            return cmd.BindEncounter(
                encounter_id=bind.encounter_id,
                number=bind.number,
                started_at=bind.started_at,
                complaint=bind.complaint,
                sex=bind.sex,
            )
        case "encounter.release":
            release = msgspec.msgpack.decode(octets, type=_ReleaseRecord)
            return cmd.ReleaseEncounter(encounter_id=release.encounter_id, status=release.status)
        case "configuration.apply":
            return cmd.ApplyConfiguration(signed=_text(octets))
        case "waveform.window":
            return _window(msgspec.msgpack.decode(octets, type=_WindowRecord))
        case "credentials.install":
            return cmd.InstallCertificate(certificate=_text(octets))
        case "revoke":
            return cmd.Revoke(reason=_text(octets))
        case "devices.list":
            return _devices(msgspec.msgpack.decode(octets, type=_DevicesRecord))
        case "clock.read":
            return cmd.ReadClock()
        case "credentials.renew":
            return cmd.RenewCredentials()
        case "station.here":
            return cmd.ArriveAtStation()
        case "station.left":
            return cmd.LeaveStation()
    return None


def _text(octets: bytes) -> str:
    return msgspec.msgpack.decode(octets, type=_TextRecord).text


def _window(record: _WindowRecord) -> cmd.SendWaveformWindow:
    check_times(record.from_at, record.to_at)
    leads = tuple(MdcCode.from_cf_code(code) for code in record.leads)
    return cmd.SendWaveformWindow(from_at=record.from_at, to_at=record.to_at, leads=leads)


def _devices(record: _DevicesRecord) -> cmd.ListDevices:
    devices = tuple(
        cmd.EnrolledDevice(
            system_id=system_id,
            serial_number=serial_number,
            manufacturer=manufacturer,
            vehicle_id=vehicle_id,
        )
        for system_id, serial_number, manufacturer, vehicle_id in record.devices
    )
    outcomes = tuple(
        cmd.EnrolmentOutcome(
            enrolment_id=enrolment_id, state=state, reason=reason, code=code, vehicle_id=vehicle_id
        )
        for enrolment_id, state, reason, code, vehicle_id in record.outcomes
    )
    return cmd.ListDevices(
        version=record.version, devices=devices, settled=record.settled, outcomes=outcomes
    )
