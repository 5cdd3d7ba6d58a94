"""The timeline: acts, changes, deeds and readings in one order, page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from cloud.core.encounters import ending, handing_over
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.encounters.timeline import Entry, Place, timeline
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.principal import Principal
from protocols.model.crew import CrewEvent, CrewEventKind
from tests.fixtures.cloud import START, VEHICLE, Installation, batch, numeric, waveform
from tests.fixtures.patients import FACILITY, audited, hospital, open_encounter

pytestmark = pytest.mark.long_on_postgresql


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def deed(kind: str, seconds: float, **more: Any) -> CrewEvent:  # noqa: ANN401 - as CrewEvent takes it
    told = {"event_id": uuid4(), "by": "Jo the paramedic", "vehicle_id": VEHICLE, **more}
    return CrewEvent(kind=kind, at=at(seconds), **told)


def live(cloud: Installation) -> str:
    """An encounter in which something of every kind happened."""
    encounter = open_encounter(cloud)
    drug = deed(
        CrewEventKind.DRUG,
        20,
        text="Adrenaline, as Jo Smith's wife agreed",
        details=(("drug", "Adrenaline"), ("dose", "1"), ("seen_by", "Al Smith")),
    )
    readings = [numeric("97", at(second)) for second in (10, 15, 30)]
    undo = deed(CrewEventKind.UNDONE, 40, by="crew-1", undoes=drug.event_id)
    released = deed(CrewEventKind.ENCOUNTER_RELEASED, 90, encounter=encounter)
    sent = batch(cloud.mine, [*readings, waveform(at(12)), drug, undo, released])
    with cloud.database.begin(now=at(60)) as work:
        record_uplink(work, cloud.mine.gateway, sent)
        work.session.add(
            EncounterOpRow(
                tenant_id=cloud.mine.tenant_id,
                op_id=UUID(int=9),
                encounter_id=encounter,
                device_id="tablet-1",
                path="narrative",
                value="Jo Smith collapsed",
                at=at(50),
                vector={"tablet-1": 1},
                digest="0" * 64,
                outcome="applied",
                flags=[],
                sent_by="app_1",
                received_at=at(60),
                changed_at=at(60),
            )
        )
        handing_over.change_destination(
            work, cloud.mine.caller, encounter, facility_id=FACILITY, reason="Jo Smith's wish"
        )
    with cloud.database.begin(now=at(65)) as work:
        alert = handing_over.PreAlert(
            facility_id=FACILITY, eta_at=at(600), summary="Jo Smith, VF", resources=("cath_lab",)
        )
        handing_over.pre_alert(work, cloud.mine.caller, encounter, alert)
    with cloud.database.begin(now=at(80)) as work:
        refusal = ending.Refusal(refused="care", has_capacity=True, are_risks_told=True)
        ending.refuse(work, cloud.mine.caller, encounter, refusal, at=at(70))
    return encounter


def read(
    cloud: Installation,
    caller: Principal,
    encounter: str,
    *,
    after: Place | None = None,
    limit: int = 100,
) -> list[Entry]:
    with cloud.database.begin(now=at(100)) as work:
        return timeline(work, caller, encounter, after=after, limit=limit)


def test_everything_is_in_the_order_of_its_time(cloud: Installation) -> None:
    entries = read(cloud, cloud.mine.caller, live(cloud))
    assert [(entry.source, entry.what) for entry in entries] == [
        ("act", "created"),
        ("reading", "150456"),
        ("reading", "131330"),
        ("crew", "drug"),
        ("reading", "150456"),
        ("crew", "undone"),
        ("change", "narrative"),
        ("act", "destination_changed"),
        ("act", "pre_alert"),
        ("act", "refused"),
        ("crew", "encounter_released"),
    ]
    assert [entry.data["which"] for entry in entries if entry.source == "reading"] == [
        "first",
        "first",
        "last",
    ]
    assert len(entries) == 11


def test_a_partner_reads_nothing_that_somebody_wrote(embedded: Installation) -> None:
    encounter = live(embedded)
    told = read(embedded, embedded.mine.caller, encounter)
    assert "Smith" not in str(told)
    assert "Jo" not in str(told)
    drug, undone = [entry for entry in told if entry.source == "crew"][:2]
    assert (drug.data, drug.by) == ({"drug": "Adrenaline", "dose": "1"}, "")
    assert (undone.by, undone.data["undoes"]) == ("crew-1", drug.entry_id)
    alert = next(entry for entry in told if entry.what == "pre_alert")
    assert set(alert.data) == {"facility_id", "eta", "resources"}
    whole = read(embedded, hospital(embedded), encounter)
    assert "Jo Smith collapsed" in str(whole)
    assert "Jo Smith, VF" in str(whole)
    assert audited(embedded)[-2:] == ["read-timeline", "read-timeline-identified"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_leave_nothing_out_and_tell_nothing_twice(cloud: Installation, limit: int) -> None:
    encounter = live(cloud)
    whole = read(cloud, cloud.mine.caller, encounter)
    seen: list[Entry] = []
    while page := read(
        cloud,
        cloud.mine.caller,
        encounter,
        after=seen[-1].place if seen else None,
        limit=limit,
    ):
        seen += page
    assert seen == whole


def test_a_stranger_finds_no_timeline(embedded: Installation) -> None:
    encounter = live(embedded)
    for stranger in (embedded.other.caller, hospital(embedded, "RX2-ED")):
        with pytest.raises(DomainError, match="encounter_not_found"):
            read(embedded, stranger, encounter)
