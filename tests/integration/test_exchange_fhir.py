"""Handovers to a hospital's FHIR server: over real sockets, whatever the server answers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from cloud.core.exchange.connections import Form
from cloud.core.exchange.placing import placed
from cloud.core.exchange.tables import DeliveryRow, PartRow
from cloud.core.retention.erasing import erase_encounter
from cloud.exchange.couriers import Couriers
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import Exchange, exchange_of
from tests.fixtures.hospitals import Said, ScriptedHospital, outcome, scripted_hospital
from tests.waiting import wait_until


@pytest.fixture
def hospital() -> Iterator[ScriptedHospital]:
    with scripted_hospital() as opened:
        yield opened


@pytest.fixture
def exchange(cloud: Installation) -> Exchange:
    return exchange_of(cloud)


@pytest.fixture
def embedded_exchange(embedded: Installation) -> Exchange:
    return exchange_of(embedded)


def test_a_handover_reaches_the_hospital_it_goes_to_and_no_other(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url)
    exchange.connect(hospital.url, facility_id="RJ999", name="Elsewhere")
    encounter_id = exchange.open_encounter("97", "96.50")
    exchange.hand_over(encounter_id)
    assert exchange.deliver() == 1
    (row,) = exchange.deliveries()
    assert (row.state, row.kind, row.parts, row.response_status) == ("taken", "handover", 1, 200)
    assert len(hospital.heard) == 1
    assert b"96.50" in hospital.heard[0].body
    assert len(hospital.of_type("Encounter")) == 1


def test_the_same_event_twice_and_another_export_send_nothing_more(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url)
    encounter_id = exchange.open_encounter("97")
    exchange.hand_over(encounter_id)
    exchange.happen(
        encounter_id, "epcr.encounter.handed_over", act="handed_over", facility_id="RJ122"
    )
    assert exchange.deliver() == 1
    assert len(exchange.deliveries()) == 1


def test_what_was_lost_on_the_way_is_sent_again_to_the_octet(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    connection_id = exchange.connect(hospital.url)
    encounter_id = exchange.open_encounter("97")
    hospital.script.extend(
        [Said(503, headers={"Retry-After": "40"}), Said(hangs_up=True, carries_out=True)]
    )
    exchange.hand_over(encounter_id)
    assert exchange.deliver() == 1
    exchange.pass_(39)
    assert exchange.deliver() == 0
    exchange.pass_(2)
    # What happened meanwhile is not in it: a retry says what the first attempt said.
    exchange.measure("AMB-elsewhere", "91")
    assert exchange.deliver() == 1
    assert exchange.connection(connection_id).failures == 2
    exchange.pass_(600)
    assert exchange.deliver() == 1
    assert exchange.states() == ["taken"]
    assert len({heard.body for heard in hospital.heard}) == 1
    assert exchange.connection(connection_id).failures == 0
    counts = {kind: len(hospital.of_type(kind)) for kind in ("Patient", "Observation")}
    assert counts["Patient"] == 1


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        (Said(400, outcome("no such code")), "refused", "refused"),
        (Said(422, outcome("no such code")), "refused", "refused"),
        (Said(413), "refused", "too_large"),
        (Said(409, outcome("twice")), "conflict", "conflict"),
        (Said(412, outcome("two match")), "conflict", "version_differs"),
        (Said(500), "waiting", "server_fault"),
        (Said(200, b"<html>"), "waiting", "unreadable_answer"),
        (Said(401), "waiting", "not_let_in"),
        (Said(404), "waiting", "no_such_address"),
        (Said(302, headers={"Location": "http://127.0.0.1:9/"}), "waiting", "redirected"),
        (Said(429, headers={"Retry-After": "120"}), "waiting", "overloaded"),
        (Said(hangs_up=True), "waiting", "no_answer"),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_each_answer_has_its_end(
    embedded_exchange: Exchange, hospital: ScriptedHospital, said: Said, state: str, reason: str
) -> None:
    exchange = embedded_exchange
    exchange.connect(hospital.url)
    hospital.script.append(said)
    exchange.hand_over(exchange.open_encounter("97"))
    assert exchange.deliver() == 1
    (row,) = exchange.deliveries()
    assert (row.state, row.reason) == (state, reason)
    assert len(hospital.heard) == 1
    if state == "waiting":
        exchange.pass_(600)
        assert exchange.deliver() == 1
        assert exchange.states() == ["taken"]
    else:
        exchange.pass_(86_400)
        assert exchange.deliver() == 0


def test_where_everything_lies_is_kept_with_its_version(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    connection_id = exchange.connect(hospital.url)
    encounter_id = exchange.open_encounter("97")
    exchange.hand_over(encounter_id)
    exchange.deliver()
    sent = json.loads(hospital.heard[0].body)
    with exchange.cloud.database.reading(now=exchange.cloud.clock()) as work:
        found = placed(work, connection_id, encounter_id)
    assert set(found) == {entry["fullUrl"] for entry in sent["entry"]}
    assert {row.etag for row in found.values()} == {'W/"1"'}
    assert {row.location for row in found.values()} == set(hospital.resources)


@pytest.mark.parametrize("form", ["document", "both"])
def test_a_hospital_that_files_documents_gets_a_signed_one_once(
    embedded_exchange: Exchange, hospital: ScriptedHospital, form: Form
) -> None:
    exchange = embedded_exchange
    exchange.connect(hospital.url, form=form)
    encounter_id = exchange.open_encounter("97")
    if form == "document":
        hospital.script.append(Said(hangs_up=True, carries_out=True))
    exchange.hand_over(encounter_id)
    exchange.deliver()
    exchange.pass_(600)
    exchange.deliver()
    assert exchange.states() == ["taken"]
    (document,) = hospital.of_type("Bundle")
    assert (document["type"], document["entry"][0]["resource"]["resourceType"]) == (
        "document",
        "Composition",
    )
    assert document["signature"]["sigFormat"] == "application/jose"
    posted = [heard for heard in hospital.heard if heard.path == "/fhir/Bundle"]
    assert len({heard.body for heard in posted}) == 1
    assert posted[0].headers["if-none-exist"].startswith("identifier=urn:ietf:rfc:3986|urn:uuid:")
    assert len(hospital.of_type("Encounter")) == (1 if form == "both" else 0)
    (row,) = exchange.deliveries()
    assert row.parts == (2 if form == "both" else 1)


def test_a_pre_alert_is_small_and_the_handover_brings_it_up_to_date(
    embedded_exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange = embedded_exchange
    exchange.connect(hospital.url, form="both")
    encounter_id = exchange.open_encounter("95", "96", "97")
    exchange.pre_alert(encounter_id)
    exchange.deliver()
    (alert,) = hospital.of_type("Composition")
    assert alert["status"] == "preliminary"
    values = [
        one["valueQuantity"]["value"]
        for one in hospital.of_type("Observation")
        if "valueQuantity" in one
    ]
    assert values == [97]
    exchange.hand_over(encounter_id)
    exchange.deliver()
    assert exchange.states() == ["taken", "taken"]
    assert sorted(one["status"] for one in hospital.of_type("Composition")) == [
        "final",
        "preliminary",
    ]
    (encounter,) = hospital.of_type("Encounter")
    assert encounter["meta"]["versionId"] == "2"
    assert len(hospital.of_type("Bundle")) == 2


def test_an_encounter_that_is_erased_takes_along_what_was_sent_of_it(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url)
    encounter_id = exchange.open_encounter("97")
    exchange.hand_over(encounter_id)
    exchange.hand_over(exchange.open_encounter("95"))
    assert exchange.deliver() == 2
    caller = exchange.cloud.mine.caller
    with exchange.cloud.database.begin(now=exchange.cloud.clock()) as work:
        erase_encounter(work, caller, encounter_id, reason="asked for")
    with exchange.cloud.database.reading(now=exchange.cloud.clock()) as work:
        assert work.session.scalar(select(func.count()).select_from(PartRow)) == 1
    assert exchange.states() == ["taken"]


def test_couriers_carry_by_themselves_until_they_are_stopped(
    embedded_exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange = embedded_exchange
    exchange.connect(hospital.url)
    for _ in range(3):
        exchange.hand_over(exchange.open_encounter("97"))
    couriers = Couriers(exchange.rounds, count=2)
    couriers.start()
    try:
        wait_until(lambda: exchange.states() == ["taken"] * 3, timeout=30, what="the handovers")
        assert couriers.are_working
    finally:
        couriers.stop(timeout=10)
    assert not couriers.are_working


def test_a_record_that_cannot_be_told_stops_no_other(
    embedded_exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange = embedded_exchange
    exchange.connect(hospital.url)
    broken, sound = exchange.open_encounter("97"), exchange.open_encounter("96")
    for encounter_id in (broken, sound):
        exchange.hand_over(encounter_id)
    with exchange.cloud.database.begin(now=exchange.cloud.clock()) as work:
        row = work.session.get_one(DeliveryRow, exchange.deliveries()[0].row_id)
        row.encounter_id = "enc_nobody"
    assert exchange.deliver() == 2
    first, second = exchange.deliveries()
    assert (first.state, first.reason, first.faults) == ("waiting", "not_made", 1)
    assert second.state == "taken"
    for _ in range(12):
        exchange.pass_(600)
        exchange.deliver()
    assert exchange.deliveries()[0].state == "abandoned"
