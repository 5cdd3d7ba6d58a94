"""What mutated octets are given to: everything that reads what a device wrote.

A target raises nothing but what is wrong with us: `DecodeError` it takes itself. Its seeds are
right octets, recorded ones where they are at hand.
"""

from __future__ import annotations

import contextlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from operator import attrgetter
from random import Random
from uuid import UUID

from zstandard import ZstdCompressor

from edge.decoding.kinds import APDU
from protocols.captures import AGENT_TO_MANAGER, Capture, CapturedMessage
from protocols.captures.pcap import format_pcap, parse_pcap
from protocols.errors import DecodeError
from protocols.framing.hdlc import FrameForm, FrameReader, write_frame
from protocols.framing.phdc_nfc import PhdRecord, decode_record, encode_record
from protocols.framing.phdc_usb import TransferReader, decode_descriptors, decode_preamble
from protocols.gatt.base import GattProfile
from protocols.gatt.registry import PROFILES
from protocols.gatt.transcriber import Transcriber
from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.apdus import Prst, decode_apdu, encode_apdu, readable_invoke_id
from protocols.ieee20601.configuration import decode_configuration
from protocols.ieee20601.event_reports import ConfigReport, decode_event_info
from protocols.ieee20601.framing import StreamReader, WholeApdu
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.remote_operations import ActionRequest, EventReport
from protocols.ieee20601.requests import decode_action_info
from protocols.ieee20601.states import State
from protocols.mder.records import LENIENT, STRICT
from protocols.model.codes import MdcCode, SystemId
from protocols.model.device import DeviceInfo
from protocols.monitors.base import Monitor, SessionOptions
from protocols.monitors.registry import MONITORS
from protocols.uplink.answer_codec import decode_answer, encode_answer
from protocols.uplink.channels import COMPACT_VERSION
from protocols.uplink.codec import decode_batch, encode_batch
from protocols.uplink.command_codec import decode_command, encode_command
from protocols.uplink.commands import (
    BindEncounter,
    Command,
    CommandAnswer,
    EnrolledDevice,
    EnrolmentOutcome,
    GatewayReport,
    ListDevices,
    Outcome,
    ReadClock,
    Request,
    SendWaveformWindow,
)
from protocols.uplink.compact import encode_columns
from protocols.uplink.dictionary import DICTIONARIES, NEWEST, PARAMETERS
from protocols.uplink.signed import canonical, parse_signed
from tests.fixtures.vehicle_rows import Vehicle, batch_of
from tests.property.mutations import SEEDS as APDUS
from tests.unit.protocols.ieee20601.pair import Pair
from tests.vectors import own_apdus
from tests.vectors_folder import phd

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MOST_EVENTS = 200
DEVICE = DeviceInfo(system_id=SystemId(b"MUTATED!"))


@dataclass(frozen=True, slots=True)
class Target:
    """One reader: its name, right octets for it, and how it is given some."""

    name: str
    seeds: tuple[bytes, ...]
    run: Callable[[bytes], object]


def read_apdu(octets: bytes) -> None:
    """An APDU and all that is in it, strictly and leniently."""
    readable_invoke_id(octets)
    for leniency in (STRICT, LENIENT):
        with contextlib.suppress(DecodeError):
            apdu = decode_apdu(octets, leniency=leniency, notes=[])
            if leniency is STRICT and encode_apdu(apdu) != octets:
                raise AssertionError("an APDU is not written back as it was")
            message = apdu.data.message if isinstance(apdu, Prst) else None
            if isinstance(message, EventReport):
                info = decode_event_info(message.event_type, message.event_info, leniency=leniency)
                if isinstance(info, ConfigReport):
                    decode_configuration(message.event_info, leniency=leniency)
            elif isinstance(message, ActionRequest):
                decode_action_info(message.action_type, message.action_info)


class Operating:
    """One end of two that operate; they associate anew whenever the association ended.

    Two at a time follow each other at once, then so much time passes that what waited for the
    rest of an APDU, or for an answer, is due.
    """

    def __init__(self, end_of: Callable[[Pair], AgentConnection | ManagerConnection]) -> None:
        self._end_of = end_of
        self._seconds = cycle((0.001, 2.5))
        self._pair = associated()

    def take(self, octets: bytes) -> None:
        """Octets of the peer; what is due comes first, answers and events are drained."""
        pair = self._pair
        end = self._end_of(pair)
        pair.now += next(self._seconds)
        deadline = end.next_deadline()
        if deadline is not None and deadline <= pair.now:
            end.handle_deadline(now=pair.now)
        end.receive_data(octets, now=pair.now, utc=pair.utc)
        pair.drain()
        pair.confirm_all()
        if end.state is not State.OPERATING or self._is_full():
            self._pair = associated()

    def _is_full(self) -> bool:
        return len(self._pair.manager_events) + len(self._pair.agent_events) > MOST_EVENTS


def associated() -> Pair:
    """A manager and an agent that operate."""
    pair = Pair()
    pair.associate()
    return pair


def resynchronise(octets: bytes) -> None:
    """Mutated octets between good APDUs: the second good one behind them is always found."""
    reader = StreamReader()
    good = own_apdus.CONFIRMED_FIXED_REPORT
    found = reader.receive(octets + good + good + good, now=0.0)
    deadline = reader.next_deadline()
    for _ in range(len(octets) + 4 * len(good)):
        if deadline is None:
            break
        found += reader.handle_deadline(now=deadline)
        deadline = reader.next_deadline()
    whole = [piece.octets for piece in found if isinstance(piece, WholeApdu)]
    if whole[-1:] != [good] or whole.count(good) < 2:
        raise AssertionError("not in step again within two APDUs")


def read_frames(form: FrameForm, octets: bytes) -> None:
    """An HDLC-like line."""
    reader = FrameReader(form)
    reader.receive(octets, now=0.0)
    reader.handle_deadline(now=1e6)


def read_gatt(profile: GattProfile, uuid: UUID, octets: bytes) -> None:
    """A characteristic value, as a record by both rules and in a session."""
    session = profile.open_session(Transcriber(DEVICE))
    for stored in (False, True):
        with contextlib.suppress(DecodeError):
            session.value_received(uuid, octets, utc=NOW, stored=stored)
    forgiving = profile.open_session(Transcriber(DEVICE), leniency=LENIENT)
    with contextlib.suppress(DecodeError):
        forgiving.value_received(uuid, octets, utc=NOW)


def read_monitor(monitor: Monitor, octets: bytes) -> None:
    """A monitor's line, from its first octet on."""
    session = monitor.open_session(SessionOptions())
    session.transport_connected(now=0.0)
    session.receive_data(octets, now=0.0, utc=NOW)
    while session.next_event() is not None:
        pass


def read_batch(octets: bytes) -> None:
    """A gateway's batch: as it came, and as what was compressed in it."""
    packer = ZstdCompressor(compression_params=PARAMETERS, dict_data=DICTIONARIES[NEWEST])
    head = bytes((COMPACT_VERSION, NEWEST)) + len(octets).to_bytes(3, "big")
    for batch in (octets, head + packer.compress(octets)):
        with contextlib.suppress(DecodeError):
            decode_batch(batch, gateway_id="gw")


def decode_tool(octets: bytes) -> None:
    """What the decode command shows."""
    with contextlib.suppress(DecodeError):
        APDU.open()(octets)


def _suppressed(read: Callable[[bytes], object], octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        read(octets)


def _usb(octets: bytes) -> None:
    for read in (decode_descriptors, decode_preamble):
        _suppressed(read, octets)
    reader = TransferReader(64)
    for start in range(0, len(octets), 64):
        _suppressed(reader.receive, octets[start : start + 64])


def _gatt_targets() -> Iterator[Target]:
    recorded = {
        vector["decoder"]: bytes.fromhex(vector["hex"])
        for vector in phd()["vectors"]
        if set(vector["hex"]) <= set("0123456789abcdef")
    }
    random = Random(20601)  # noqa: S311 - a repeatable choice, no secret
    for profile in PROFILES:
        for item in profile.characteristics:
            seeds = [recorded[name] for name in item.decode_as if name in recorded]
            seeds += [bytes(size) for size in (1, 8, 20)]
            seeds += [random.randbytes(random.randint(1, 24)) for _ in range(16)]
            run = partial(read_gatt, profile, item.uuid)
            yield Target(f"gatt {item.name}", tuple(seeds), run)


def _monitor_targets() -> Iterator[Target]:
    for monitor in MONITORS:
        seeds = [write_frame(apdu, FrameForm()) for apdu in APDUS[:4]]
        session = monitor.open_session(SessionOptions())
        session.transport_connected(now=0.0)
        seeds += session.data_to_send()
        for at in range(8):
            session.handle_deadline(now=float(at))
            seeds += session.data_to_send()

        yield Target(f"monitor {monitor.name}", tuple(seeds), partial(read_monitor, monitor))


def _commands() -> tuple[bytes, ...]:
    requests: tuple[Request, ...] = (
        BindEncounter(encounter_id="enc_1", number="I-1", started_at=NOW, complaint="Chest pain"),
        SendWaveformWindow(from_at=NOW, to_at=NOW, leads=(MdcCode(2, 258),)),
        ListDevices(
            version=1,
            devices=(
                EnrolledDevice(
                    system_id="0102", serial_number="S", manufacturer="A", vehicle_id="V"
                ),
            ),
            settled=(UUID(int=1),),
            outcomes=(EnrolmentOutcome(enrolment_id=UUID(int=1), state="waiting"),),
        ),
        ReadClock(),
    )
    return tuple(
        encode_command(
            Command(command_id=UUID(int=7), issued_at=NOW, expires_at=NOW, request=request)
        )
        for request in requests
    )


def _answers() -> tuple[bytes, ...]:
    answer = CommandAnswer(
        command_id=UUID(int=7), outcome=Outcome.DONE, at=NOW, facts=(("utc", "noon"),)
    )
    report = GatewayReport(at=NOW, version="0.1.0", vehicle_id="AMB-7", oldest_at=NOW)
    return encode_answer(answer), encode_answer(report)


def _signed() -> tuple[bytes, ...]:
    header = b'{"alg":"ES256","kid":"k","typ":"vitalwire-configuration+jws"}'
    claims = canonical(
        {"gateway_id": "gw", "version": 1, "issued_at": NOW.isoformat(), "settings": {}}
    )
    parts = (urlsafe_b64encode(part).rstrip(b"=") for part in (header, claims, bytes(64)))
    return (b".".join(parts),)


def _read_signed(octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        parse_signed(octets.decode("latin-1"))


def _batches() -> tuple[bytes, ...]:
    numerics = [row for second in Vehicle(3).numerics(3) for row in second]
    leads = Vehicle(3).twelve_leads(1)[:4]
    batches = [batch_of(numerics), batch_of(numerics[:2]), batch_of(leads, "waveforms")]
    forms = [encode_columns(batch) for batch in batches]
    return (*forms, *(encode_batch(batch, 2) for batch in batches), encode_batch(batches[1]))


def targets() -> tuple[Target, ...]:
    """Every target; the ones a device reaches most come first."""
    framed = tuple(write_frame(apdu, FrameForm()) for apdu in APDUS)
    records = tuple(encode_record(PhdRecord(5, apdu[:200])) for apdu in APDUS)
    pcaps = tuple(
        format_pcap(Capture("c", (CapturedMessage(AGENT_TO_MANAGER, 1.5, apdu),)))
        for apdu in APDUS[:8]
    )
    return (
        Target("apdu", APDUS, read_apdu),
        Target("manager", APDUS, Operating(attrgetter("manager")).take),
        Target("agent", APDUS, Operating(attrgetter("agent")).take),
        Target("stream", APDUS, resynchronise),
        Target("decode", APDUS, decode_tool),
        Target("hdlc", framed, partial(read_frames, FrameForm())),
        Target("nfc", records, partial(_suppressed, decode_record)),
        Target("usb", APDUS, _usb),
        Target("uplink", _batches(), read_batch),
        Target("commands", _commands(), partial(_suppressed, decode_command)),
        Target("answers", _answers(), partial(_suppressed, decode_answer)),
        Target("configuration", _signed(), _read_signed),
        Target("pcap", pcaps, partial(_suppressed, partial(parse_pcap, name="c"))),
        *_monitor_targets(),
        *_gatt_targets(),
    )
