"""Commands and answers in the contract's binary form: tagged msgpack arrays that grow at the end.

A command of a kind the reader does not know is read all the same, so that it can be answered.
Nothing but DecodeError leaves a decoder, and none reads more than `MOST_OCTETS`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode
from protocols.uplink import commands as cmd

COMMANDS_VERSION: Final = 1
MOST_OCTETS: Final = 512 << 10
MOST_FACTS: Final = 32
MOST_IN_A_LIST: Final = 64
_LONGEST_KIND: Final = 64
_LONGEST_TEXT: Final = 4096
_MOST_COUNT: Final = 2**31 - 1

_ENCODER: Final = msgspec.msgpack.Encoder()
# A text that is not UTF-8 is told by the interpreter's own error.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


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


class _AnswerRecord(msgspec.Struct, array_like=True, frozen=True, tag="a"):
    version: int
    command_id: UUID
    outcome: str
    at: datetime
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()


class _EnrolmentRecord(msgspec.Struct, array_like=True, frozen=True, tag="d"):
    version: int
    enrolment_id: UUID
    at: datetime
    serial_number: str
    manufacturer: str
    device_class: str
    system_id: str = ""
    model: str = ""


class _ReportRecord(msgspec.Struct, array_like=True, frozen=True, tag="r"):
    version: int
    at: datetime
    program: str
    vehicle_id: str
    configuration_version: int = 0
    backlog_rows: int = 0
    oldest_at: datetime | None = None


_AnyAnswer = _AnswerRecord | _EnrolmentRecord | _ReportRecord
_COMMAND: Final = msgspec.msgpack.Decoder(_CommandRecord)
_COMMANDS: Final = msgspec.msgpack.Decoder(tuple[bytes, ...])
_ANSWER: Final[msgspec.msgpack.Decoder[_AnyAnswer]] = msgspec.msgpack.Decoder(_AnyAnswer)
T = TypeVar("T")


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
    record = _decode(_COMMAND, data)
    _check_version(record.version)
    _check_times(record.issued_at, record.expires_at)
    if not 0 < len(record.kind) <= _LONGEST_KIND:
        raise DecodeError("command: its kind has no usable name")
    octets = bytes(record.request)
    try:
        request = _read_request(record.kind, octets)
    except (*_UNREADABLE, DecodeError):
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
    found = _decode(_COMMANDS, data)
    if len(found) > MOST_IN_A_LIST:
        raise DecodeError("commands: more than one body may hold")
    return found


def encode_answer(answer: cmd.Answer) -> bytes:
    """The binary form of an answer, an enrolment or a report."""
    if isinstance(answer, cmd.GatewayReport):
        return _ENCODER.encode(
            _ReportRecord(
                COMMANDS_VERSION,
                answer.at,
                answer.version,
                answer.vehicle_id,
                answer.configuration_version,
                answer.backlog_rows,
                answer.oldest_at,
            )
        )
    if isinstance(answer, cmd.DeviceEnrolment):
        return _ENCODER.encode(
            _EnrolmentRecord(
                COMMANDS_VERSION,
                answer.enrolment_id,
                answer.at,
                answer.serial_number,
                answer.manufacturer,
                answer.device_class,
                answer.system_id,
                answer.model,
            )
        )
    return _ENCODER.encode(
        _AnswerRecord(
            COMMANDS_VERSION,
            answer.command_id,
            answer.outcome.value,
            answer.at,
            answer.reason,
            answer.facts,
        )
    )


def decode_answer(data: bytes) -> cmd.Answer:
    """Read what came over the `answers` channel; DecodeError for anything else."""
    record = _decode(_ANSWER, data)
    _check_version(record.version)
    _check_times(record.at)
    if isinstance(record, _EnrolmentRecord):
        return _enrolment(record)
    if isinstance(record, _ReportRecord):
        return _report(record)
    texts = (record.reason, *(text for fact in record.facts for text in fact))
    if len(record.facts) > MOST_FACTS or any(len(text) > _LONGEST_TEXT for text in texts):
        raise DecodeError("answer: more facts, or longer ones, than an answer may hold")
    try:
        outcome = cmd.Outcome(record.outcome)
    except ValueError as exc:
        raise DecodeError("answer: its outcome is not known here") from exc
    return cmd.CommandAnswer(
        command_id=record.command_id,
        outcome=outcome,
        at=record.at,
        reason=record.reason,
        facts=record.facts,
    )


def _enrolment(record: _EnrolmentRecord) -> cmd.DeviceEnrolment:
    texts = (
        record.serial_number,
        record.manufacturer,
        record.device_class,
        record.system_id,
        record.model,
    )
    if any(len(text) > _LONGEST_TEXT for text in texts):
        raise DecodeError("enrolment: a text longer than an enrolment may hold")
    return cmd.DeviceEnrolment(
        enrolment_id=record.enrolment_id,
        at=record.at,
        serial_number=record.serial_number,
        manufacturer=record.manufacturer,
        device_class=record.device_class,
        system_id=record.system_id,
        model=record.model,
    )


def _report(record: _ReportRecord) -> cmd.GatewayReport:
    if record.oldest_at is not None:
        _check_times(record.oldest_at)
    counts = (record.configuration_version, record.backlog_rows)
    longest = max(len(record.program), len(record.vehicle_id))
    if longest > _LONGEST_KIND or not 0 <= min(counts) <= max(counts) <= _MOST_COUNT:
        raise DecodeError("report: a text is too long, or a count is out of range")
    return cmd.GatewayReport(
        at=record.at,
        version=record.program,
        vehicle_id=record.vehicle_id,
        configuration_version=record.configuration_version,
        backlog_rows=record.backlog_rows,
        oldest_at=record.oldest_at,
    )


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
        case cmd.Revoke():
            record = _TextRecord(request.reason)
        case cmd.ListDevices():
            rows = tuple(
                (one.system_id, one.serial_number, one.manufacturer, one.vehicle_id)
                for one in request.devices
            )
            record = _DevicesRecord(request.version, rows, request.settled)
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
            _check_times(bind.started_at)
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
        case "revoke":
            return cmd.Revoke(reason=_text(octets))
        case "devices.list":
            return _devices(msgspec.msgpack.decode(octets, type=_DevicesRecord))
        case "clock.read":
            return cmd.ReadClock()
        case "credentials.renew":
            return cmd.RenewCredentials()
    return None


def _text(octets: bytes) -> str:
    return msgspec.msgpack.decode(octets, type=_TextRecord).text


def _window(record: _WindowRecord) -> cmd.SendWaveformWindow:
    _check_times(record.from_at, record.to_at)
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
    return cmd.ListDevices(version=record.version, devices=devices, settled=record.settled)


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    if len(data) > MOST_OCTETS:
        raise DecodeError("more octets than a command or an answer may have")
    try:
        return decoder.decode(data)
    except _UNREADABLE as exc:
        raise DecodeError(f"not a message of the commands contract: {exc}") from exc


def _check_version(version: int) -> None:
    if version != COMMANDS_VERSION:
        raise DecodeError(f"commands contract version {version} is not known here")


def _check_times(*times: datetime) -> None:
    if any(at.utcoffset() is None for at in times):
        raise DecodeError("commands contract: a time has no zone")
