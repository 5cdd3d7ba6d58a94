"""What comes over the `answers` channel: tagged msgpack arrays that grow at the end."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from protocols.errors import DecodeError
from protocols.uplink import commands as cmd
from protocols.uplink.bounded import COMMANDS_VERSION, check_times, check_version, decode_bounded

MOST_FACTS: Final = 32
_LONGEST_NAME: Final = 64
_LONGEST_TEXT: Final = 4096
_LONGEST_REQUEST: Final = 8192
_MOST_COUNT: Final = 2**31 - 1
_ENCODER: Final = msgspec.msgpack.Encoder()


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


class _RequestRecord(msgspec.Struct, array_like=True, frozen=True, tag="c"):
    version: int
    at: datetime
    request: str


_AnyAnswer = _AnswerRecord | _EnrolmentRecord | _ReportRecord | _RequestRecord
_ANSWER: Final[msgspec.msgpack.Decoder[_AnyAnswer]] = msgspec.msgpack.Decoder(_AnyAnswer)


def encode_answer(answer: cmd.Answer) -> bytes:
    """The binary form of an answer, an enrolment, a report or a request for a certificate."""
    if isinstance(answer, cmd.CertificateRequest):
        return _ENCODER.encode(_RequestRecord(COMMANDS_VERSION, answer.at, answer.request))
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
    record = decode_bounded(_ANSWER, data)
    check_version(record.version)
    check_times(record.at)
    if isinstance(record, _EnrolmentRecord):
        return _enrolment(record)
    if isinstance(record, _ReportRecord):
        return _report(record)
    if isinstance(record, _RequestRecord):
        if len(record.request) > _LONGEST_REQUEST:
            raise DecodeError("certificate request: longer than one may be")
        return cmd.CertificateRequest(at=record.at, request=record.request)
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
        check_times(record.oldest_at)
    counts = (record.configuration_version, record.backlog_rows)
    longest = max(len(record.program), len(record.vehicle_id))
    if longest > _LONGEST_NAME or not 0 <= min(counts) <= max(counts) <= _MOST_COUNT:
        raise DecodeError("report: a text is too long, or a count is out of range")
    return cmd.GatewayReport(
        at=record.at,
        version=record.program,
        vehicle_id=record.vehicle_id,
        configuration_version=record.configuration_version,
        backlog_rows=record.backlog_rows,
        oldest_at=record.oldest_at,
    )
