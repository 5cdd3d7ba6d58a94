"""The bundles that stand before the judges.

Always the hand-made ones; and those whose paths stand in VITALWIRE_BUNDLES (separated like PATH),
so that any served bundle can be judged: `VITALWIRE_BUNDLES=handover.json make test-long`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import PatientIdentity
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps
from cloud.fhir.selection import Detail
from tests.fixtures.handovers import START, arrest_handover, handover
from tests.fixtures.records import full_handover, known_identity

PATHS = "VITALWIRE_BUNDLES"


def _handed_over(handed: Handover) -> Handover:
    ended = START + timedelta(minutes=40)
    return replace(handed, status="handed_over", handover_at=ended, version=2)


def write_bundles(folder: Path) -> list[Path]:
    """Write the hand-made bundles into a folder and give all paths."""
    folder.mkdir(parents=True, exist_ok=True)
    arrest = arrest_handover(60)
    contents = {
        "nothing": HandoverPages(handover()).bundle(),
        "trend": HandoverPages(arrest).bundle(),
        "handed-over": HandoverPages(_handed_over(arrest)).bundle(),
        "handed-over-update": HandoverPages(_handed_over(arrest), update=True).bundle(),
    }
    identified = full_handover(identity=known_identity(), is_over=True, amendments=["dose"])
    contents |= {
        "told": HandoverPages(full_handover()).bundle(),
        "told-identified": HandoverPages(identified).bundle(),
        "told-unknown": HandoverPages(full_handover(identity=PatientIdentity())).bundle(),
    }
    full = HandoverPages(arrest, detail=Detail.FULL, page_size=120)
    for page in range(1, full.count + 1):
        contents[f"full-{page}"] = full.bundle(page, page_url=lambda n: f"https://cloud/?page={n}")
    paths = []
    for name, content in contents.items():
        path = folder / f"{name}.json"
        path.write_bytes(dumps(content))
        paths.append(path)
    served = os.environ.get(PATHS, "")
    return paths + [Path(path).resolve() for path in served.split(os.pathsep) if path]
