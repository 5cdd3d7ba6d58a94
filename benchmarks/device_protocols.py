"""The device protocols in memory: reports, waveforms and associations, as ratios of one run.

Every figure of a table is the median of rounds in which all its rows took turns, so that a busy
machine slows all rows alike. Nothing here judges: `make bench` prints, a reader compares.
"""

from __future__ import annotations

import gc
import statistics
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.apdus import DataApdu, Prst, encode_apdu
from protocols.ieee20601.attribute_values import SampleSpecification, ScaleAndRange
from protocols.ieee20601.compiled_layouts import fixed_layout
from protocols.ieee20601.compiled_reports import CompiledReports
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.event_reports import (
    EventType,
    ObservationFixed,
    ScanReportFixed,
    decode_event_info,
    encode_event_info,
)
from protocols.ieee20601.events import ObservationsReported
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.metric_objects import WaveformShape, numeric, waveform
from protocols.ieee20601.policies import MdsDescription
from protocols.ieee20601.remote_operations import RoivConfirmedEventReport
from protocols.ieee20601.sample_arrays import SampleDecoder, physical_samples
from protocols.ieee20601.states import State
from protocols.ieee20601.time_info import CalendarClock
from protocols.ieee20601.transcription import Reception, transcribe
from protocols.mder.numbers import encode_sfloat
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

ROUNDS = 15
ROUND_SECONDS = 0.01
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEVICE = SystemId(bytes.fromhex("1122334455667704"))
MANAGER = SystemId(bytes.fromhex("1122334455667788"))
STAMP = AbsoluteTime.of(NOW.replace(tzinfo=None)).octets
FIXED = int(EventType.SCAN_REPORT_FIXED)
LEADS = 12
LEAD_HZ = 500
REPORTS_A_SECOND = 10
IDLE = 1_000


def medians(rows: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds a call of each row: medians over rounds in which the rows take turns."""
    loops: dict[str, int] = {}
    for name, call in rows.items():
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < ROUND_SECONDS:
            call()
            count += 1
        loops[name] = max(1, count)
    taken: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, call in rows.items():
            turns = range(loops[name])
            began = time.perf_counter()
            for _ in turns:
                call()
            taken[name].append((time.perf_counter() - began) / loops[name])
    return {name: statistics.median(times) for name, times in taken.items()}


def show(title: str, unit: str, each: int, seconds: dict[str, float]) -> None:
    """A table; `each`: how many of `unit` one call handles. The first row is the measure."""
    print(f"\n{title:44} {'us':>10} {unit + '/s':>14} of first")
    first = next(iter(seconds.values()))
    for name, one in seconds.items():
        print(f"  {name:42} {one * 1e6:10.2f} {each / one:14,.0f} {one / first:8.2f}")


def basic(value: int) -> bytes:
    """An SFLOAT and the time stamp behind it."""
    return encode_sfloat(Decimal(value)) + STAMP


def reports() -> Iterable[tuple[str, Configuration, ScanReportFixed, str]]:
    """Name, configuration, report, and its octets as one `struct` format."""
    yield (
        "oximeter, 2 objects",
        STANDARD_CONFIGURATIONS[0x0190],
        report_of((1, basic(97)), (10, basic(72))),
        ">HHHH HHH8s HHH8s",
    )
    pressures = b"".join(encode_sfloat(Decimal(value)) for value in (120, 80, 93))
    yield (
        "blood pressure, compound and pulse",
        STANDARD_CONFIGURATIONS[0x02BC],
        report_of((1, struct.pack(">HH", 3, 6) + pressures + STAMP), (2, basic(72))),
        ">HHHH HHHHHHH8s HHH8s",
    )
    handles = range(1, 9)
    yield (
        "monitor, 8 objects",
        build_configuration(
            0x4000, [numeric(handle, MdcCode(2, handle), UnitCode(544)) for handle in handles]
        ),
        report_of(*((handle, basic(90 + handle)) for handle in handles)),
        ">HHHH" + "HHH8s" * len(handles),
    )


def report_of(*observations: tuple[int, bytes]) -> ScanReportFixed:
    return ScanReportFixed(0xF000, 7, tuple(ObservationFixed(*item) for item in observations))


def scan_reports() -> None:
    """Compiled and interpreted against bare `struct` on the same octets."""
    facts = Reception(
        device=DEVICE,
        received_at=NOW + timedelta(seconds=1),
        report_counter=1,
        clock=NO_CLOCK.was_read(CalendarClock.ABSOLUTE, NOW.replace(tzinfo=None), utc=NOW),
    )
    for name, configuration, info, form in reports():
        octets = encode_event_info(FIXED, info)
        event = RoivConfirmedEventReport(0, 0xFFFFFFFF, FIXED, octets)
        layout = fixed_layout([configuration.objects[item.handle] for item in info.observations])
        compiled = CompiledReports(configuration, DEVICE)
        assert layout is not None
        assert layout.form.size == struct.calcsize(form) == len(octets)

        def interpreted(
            event: RoivConfirmedEventReport = event, known: Configuration = configuration
        ) -> object:
            content = decode_event_info(event.event_type, event.event_info)
            assert isinstance(content, ScanReportFixed)
            return transcribe(event, content, known, facts)

        rows: dict[str, Callable[[], object]] = {
            "bare struct.unpack_from": lambda form=form, octets=octets: struct.unpack_from(
                form, octets
            ),
            "compiled, to plain values": lambda layout=layout, octets=octets: layout.decode(octets),
            "compiled, to observations": lambda compiled=compiled, event=event: compiled.read(
                event, facts
            ),
            "interpreted, to records": lambda octets=octets: decode_event_info(FIXED, octets),
            "interpreted, to observations": interpreted,
        }
        show(f"{name} ({len(octets)} octets)", "reports", 1, medians(rows))


def sample_chunks(count: int = 5_000) -> None:
    """Chunks of samples against bare numpy: the same integers to floats in their unit."""
    octets = np.arange(count, dtype=">u2").tobytes()
    scale = ScaleAndRange(Decimal(-5), Decimal(5), 0, 10_000)
    decoder = SampleDecoder(SampleSpecification(count, 16, 16, 0), scale)
    factor, offset = float(decoder.factor), float(decoder.offset)
    rows: dict[str, Callable[[], object]] = {
        "bare numpy.frombuffer and scaling": lambda: (
            np.frombuffer(octets, dtype=">u2") * factor + offset
        ),
        "decoded, exact integers and their scale": lambda: decoder.decode(octets),
        "decoded and seen as floats": lambda: physical_samples(decoder.decode(octets)),
    }
    show(f"{count:,} samples of 16 bits", "samples", count, medians(rows))


@dataclass
class Ends:
    """An agent and a manager joined in memory; what the manager reports is confirmed at once."""

    agent: AgentConnection
    manager: ManagerConnection
    observations: int = 0

    @classmethod
    def of(cls, configuration: Configuration) -> Ends:
        """Both ends, transports connected."""
        ends = cls(
            AgentConnection(
                system_id=DEVICE,
                configuration=configuration,
                mds=MdsDescription(
                    manufacturer="Acme",
                    model="Bench",
                    clock=lambda utc: utc.replace(tzinfo=None),
                ),
            ),
            ManagerConnection(
                system_id=MANAGER,
                standard_configurations=STANDARD_CONFIGURATIONS,
                configurations=lambda _system_id, _config_id: None,
            ),
        )
        ends.agent.transport_connected(now=0.0)
        ends.manager.transport_connected(now=0.0)
        return ends

    def settle(self) -> None:
        """Carry octets until both are silent."""
        moved = True
        while moved:
            up, down = self.agent.data_to_send(), self.manager.data_to_send()
            moved = bool(up or down)
            for octets in up:
                self.receive(octets)
            for octets in down:
                self.agent.receive_data(octets, now=0.0, utc=NOW)
            while self.agent.next_event() is not None:
                pass

    def receive(self, octets: bytes) -> None:
        """Octets for the manager, its events taken and its reports confirmed."""
        self.manager.receive_data(octets, now=0.0, utc=NOW)
        while (event := self.manager.next_event()) is not None:
            if isinstance(event, ObservationsReported):
                self.observations += len(event.observations)
                if event.invoke_id is not None:
                    self.manager.confirm(event.invoke_id, now=0.0)

    def operate(self) -> None:
        """Associate, and the MDS is read."""
        self.agent.associate(now=0.0)
        self.settle()
        assert self.manager.state is State.OPERATING

    def release(self) -> None:
        """End in good order."""
        self.agent.release(now=0.0)
        self.settle()
        assert self.manager.state is State.UNASSOCIATED


def whole_path(reports_made: int = 2_000) -> None:
    """An oximeter's confirmed reports from the stream's octets to the confirm that is sent."""
    ends = Ends.of(STANDARD_CONFIGURATIONS[0x0190])
    ends.operate()
    stream = []
    for number in range(reports_made):
        info = ScanReportFixed(
            0xF000, number, (ObservationFixed(1, basic(97)), ObservationFixed(10, basic(72)))
        )
        event = RoivConfirmedEventReport(0, 0xFFFFFFFF, FIXED, encode_event_info(FIXED, info))
        stream.append(encode_apdu(Prst(DataApdu(number, event))))
    began = time.process_time()
    for octets in stream:
        ends.receive(octets)
        ends.manager.data_to_send()
    seconds = time.process_time() - began
    print(
        f"\noximeter reports, stream to confirm: {seconds / reports_made * 1e6:.0f} us,"
        f" {reports_made / seconds:,.0f} reports/s of one core"
    )


def twelve_leads(seconds: int = 30) -> None:
    """A patient's 12 leads from the stream's octets to observations: the share of a core."""
    samples = LEAD_HZ // REPORTS_A_SECOND
    shape = WaveformShape(
        samples=samples,
        period_ticks=8_000 // LEAD_HZ,
        bits=16,
        scale=ScaleAndRange(Decimal(-5), Decimal(5), 0, 10_000),
    )
    leads = range(1, LEADS + 1)
    configuration = build_configuration(
        0x4000, [waveform(lead, MdcCode(2, 256 + lead), UnitCode(4274), shape) for lead in leads]
    )
    ends = Ends.of(configuration)
    ends.operate()
    wave = struct.pack(">H", 2 * samples) + np.arange(samples, dtype=">u2").tobytes() + STAMP
    stream = []
    for number in range(seconds * REPORTS_A_SECOND):
        info = ScanReportFixed(0xF000, number, tuple(ObservationFixed(n, wave) for n in leads))
        event = RoivConfirmedEventReport(0, 0xFFFFFFFF, FIXED, encode_event_info(FIXED, info))
        stream.append(encode_apdu(Prst(DataApdu(number, event))))
    shares = []
    for each in range(seconds):
        began = time.process_time()
        for octets in stream[each * REPORTS_A_SECOND : (each + 1) * REPORTS_A_SECOND]:
            ends.receive(octets)
            ends.manager.data_to_send()
        shares.append(time.process_time() - began)
    assert ends.observations == seconds * REPORTS_A_SECOND * LEADS
    share = statistics.median(shares)
    print(
        f"\n{LEADS} leads at {LEAD_HZ} Hz, {REPORTS_A_SECOND} reports a second, stream to"
        f" observations: {share * 100:.2f} % of a core ({1 / share:,.0f} patients a core)"
    )


def associations() -> None:
    """From AARQ to RLRE with the MDS between, both ends in this process."""
    known, unknown = (
        Ends.of(STANDARD_CONFIGURATIONS[0x0190]),
        Ends.of(build_configuration(0x4000, STANDARD_CONFIGURATIONS[0x0190].report.objects)),
    )

    def once(ends: Ends) -> None:
        ends.operate()
        ends.release()

    rows: dict[str, Callable[[], object]] = {
        "known configuration": lambda: once(known),
        "unknown configuration": lambda: once(unknown),
    }
    show("associations, both ends", "associations", 1, medians(rows))


def idle_memory() -> None:
    """What one operating manager holds while its device is silent."""
    for name, config_id in (("known", 0x0190), ("reported", 0x4000)):
        objects = STANDARD_CONFIGURATIONS[0x0190].report.objects
        configuration = (
            STANDARD_CONFIGURATIONS[config_id]
            if config_id in STANDARD_CONFIGURATIONS
            else build_configuration(config_id, objects)
        )
        Ends.of(configuration).operate()  # what is made once is made
        gc.collect()
        tracemalloc.start()
        kept = []
        for _ in range(IDLE):
            ends = Ends.of(configuration)
            ends.operate()
            kept.append(ends.manager)
        del ends
        gc.collect()
        octets, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"idle association, {name} configuration: {octets / len(kept):,.0f} octets")


def main() -> None:
    """Print the tables."""
    scan_reports()
    whole_path()
    sample_chunks()
    twelve_leads()
    associations()
    idle_memory()


if __name__ == "__main__":
    main()
