"""The whole bundle of an encounter: time and memory for 1, 10, 60 and 360 minutes.

Every second five numbers, every five minutes a blood pressure, all the while lead II in chunks of
a fifth of a second, every ten minutes a 12-lead ECG of ten seconds; `detail=full` in one bundle, so
waveforms as strips. From the rows in SQLite to the octets a hospital takes, in a process of its own
that has made a bundle before and set its program apart, as a service has. Processor time is of that
process, for each step and for all with what is given back in the end; the highest memory stands
beside what it was before. The last column is what a million steps of a
plain loop cost meanwhile: about 0.05 s on a core nobody else wants. Run by `make bench`.
"""

from __future__ import annotations

import json
import math
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from cloud.app.memory import bound_memory, set_program_apart
from cloud.app.opening import database_of
from cloud.core.encounters.gathering import gather_handover
from cloud.core.kernel.collector import at_rest
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault, open_vault
from cloud.core.kernel.work import Database, utc_now
from cloud.db.engine import open_engine
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps
from cloud.fhir.selection import Detail
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import observation_id
from protocols.model.observation import (
    CompoundNumericObservation,
    NumericObservation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink.messages import Content
from tests.fixtures.served_cloud import ServedCloud, installed_cloud

MINUTES = (1, 10, 60, 360)
MONITORS = {
    "RTW-6": SystemId.parse("00-09-1F-FF-FE-00-00-03"),
    "RTW-7": SystemId.parse("00-09-1F-FF-FE-00-00-04"),
}
NUMBERS = (
    (147842, "83", 2720),
    (150456, "97.0", 544),
    (149530, "82", 2720),
    (151578, "14", 2784),
    (151708, "4.50", 3843),
)
PRESSURES = ((150021, "128"), (150022, "80"), (150023, "96"))
MILLIVOLT = UnitCode(4274)
LEADS = (131329, 131330, 131389, 131390, 131391, 131392, 131331, 131332, 131333, 131334, 131335)
LAST_LEAD = 131336
CHUNKS = 5
EVERY = 600
LASTING = 10


def main() -> None:
    """Every length, each in a database of its own."""
    print("minutes  entries     MB  gather s  build s  write s  all s  peak MiB (start)  loop s")
    for minutes in MINUTES:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            with installed_cloud(data, port=1) as (cloud, _):
                small, whole = fill(cloud, 1, "RTW-6"), fill(cloud, minutes, "RTW-7")
                told = (cloud.caller.tenant_id, cloud.caller.client_id, small, whole)
            command = [sys.executable, __file__, folder, *told]
            answer = json.loads(subprocess.check_output(command))  # noqa: S603 - this file
            print(
                f"{minutes:7} {answer['entries']:8} {answer['octets'] / 1e6:6.1f} "
                f"{answer['gather']:9.2f} {answer['build']:8.2f} {answer['write']:8.2f} "
                f"{answer['all']:6.2f} {answer['peak']:8.0f} ({answer['before']:.0f}) "
                f"{answer['loop']:12.3f}"
            )


def fill(cloud: ServedCloud, minutes: int, vehicle_id: str) -> str:
    """An encounter with its readings; its id."""
    seconds, monitor = minutes * 60, MONITORS[vehicle_id]
    encounter_id = cloud.open_encounter(vehicle_id, seconds_ago=seconds + 30)
    cloud.send(vehicle_id, [DeviceInfo(system_id=monitor, manufacturer="Acme", model="M-1")])
    start = utc_now() - timedelta(seconds=seconds + 10)
    waiting: list[Content] = []
    for second in range(seconds):
        waiting += readings(monitor, start + timedelta(seconds=second), second)
        if len(waiting) > 4000:
            cloud.send(vehicle_id, waiting)
            waiting = []
    cloud.send(vehicle_id, waiting)
    return encounter_id


def readings(monitor: SystemId, at: datetime, second: int) -> Iterator[Content]:
    """What one second gives."""
    for code, digits, unit in NUMBERS:
        yield NumericObservation(
            **common(monitor, MdcCode.from_cf_code(code), at),
            value=Quantity(Decimal(digits), UnitCode(unit)),
        )
    if second % 300 == 0:
        yield CompoundNumericObservation(
            **common(monitor, MdcCode.from_cf_code(150020), at),
            components=tuple(
                (MdcCode.from_cf_code(code), Quantity(Decimal(digits), UnitCode(3872)))
                for code, digits in PRESSURES
            ),
        )
    for chunk in range(CHUNKS):
        yield wave(monitor, 131330, at + timedelta(milliseconds=chunk * 1000 // CHUNKS), 50)
    if second % EVERY < LASTING:
        for lead in (*LEADS, LAST_LEAD):
            if lead == 131330:
                continue
            for chunk in range(CHUNKS):
                yield wave(monitor, lead, at + timedelta(milliseconds=chunk * 1000 // CHUNKS), 50)


def wave(monitor: SystemId, code: int, at: datetime, count: int) -> SampleArrayObservation:
    """A fifth of a second of one lead at 250 samples a second."""
    phase = at.timestamp()
    samples = [round(400 * math.sin(2 * math.pi * (phase + n / 250) * 5)) for n in range(count)]
    return SampleArrayObservation(
        **common(monitor, MdcCode.from_cf_code(code), at),
        samples=struct.pack(f"<{count}i", *samples),
        scale=Decimal("0.001"),
        offset=Decimal("0.000"),
        period_us=4000,
        unit=MILLIVOLT,
    )


def common(monitor: SystemId, code: MdcCode, at: datetime) -> dict[str, Any]:
    """What every observation has."""
    stamp = DeviceTime.absolute((at - timedelta(hours=1)).replace(tzinfo=None))
    return {
        "observation_id": observation_id(system_id=monitor, type_code=code, device_time=stamp),
        "type": code,
        "observed_at": ObservedTime(at, TimeQuality.DEVICE, stamp),
        "device": monitor,
    }


def measure(folder: str, tenant_id: str, client_id: str, small: str, whole: str) -> None:
    """One bundle in this process, after a small one; prints its figures as JSON."""
    data = Path(folder)
    vault = open_vault(data)
    database = database_of(open_engine(data=data, database_url=None), vault)
    caller = Principal(tenant_id=tenant_id, client_id=client_id, scopes=("argus:epcr:read",))
    bound_memory()
    made(database, vault, caller, small)
    set_program_apart()
    before, began = peak_mib(), time.process_time()
    figures = made(database, vault, caller, whole)
    lasted = time.process_time() - began
    figures |= {"before": before, "all": lasted, "peak": peak_mib(), "loop": loop_seconds()}
    print(json.dumps(figures))


@at_rest()
def made(
    database: Database, vault: Vault, caller: Principal, encounter_id: str
) -> dict[str, float]:
    """One bundle, as the API makes it; what each step took and how much it is."""
    marks = [time.process_time()]
    with database.begin(now=utc_now()) as work:
        handover = gather_handover(work, vault, caller, encounter_id, "full")
    marks.append(time.process_time())
    bundle = HandoverPages(handover, detail=Detail.FULL, page_size=1_000_000).bundle()
    marks.append(time.process_time())
    octets = dumps(bundle)
    marks.append(time.process_time())
    steps = [later - earlier for earlier, later in pairwise(marks)]
    entries = bundle["entry"]
    return {
        **dict(zip(("gather", "build", "write"), steps, strict=True)),
        "entries": len(entries) if isinstance(entries, list) else 0,
        "octets": len(octets),
    }


def loop_seconds() -> float:
    """Processor time of a million plain steps: how much of a core there is to be had."""
    began = time.process_time()
    held: dict[int, int] = {}
    for number in range(1_000_000):
        held[number & 1023] = number
    return time.process_time() - began


def peak_mib() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(*sys.argv[1:])
    else:
        main()
