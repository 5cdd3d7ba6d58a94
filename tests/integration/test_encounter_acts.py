"""What happens to an encounter: announced, handed over, ended, told of afterwards."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from cloud.core.encounters import ending, handing_over
from cloud.core.encounters.acts import acts_of
from cloud.core.encounters.crew import attachment
from cloud.core.encounters.finding import find
from cloud.core.encounters.signatures import MOST_OCTETS, Signature
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.uplink import record_uplink
from cloud.core.encounters.versions import amend, version_of, versions_of
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.work import UnitOfWork
from tests.fixtures.cloud import START, Installation, batch, numeric
from tests.fixtures.patients import FACILITY, audited, events_of, open_encounter

pytestmark = pytest.mark.long_on_postgresql

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Act = Callable[..., EncounterRow]


def do(cloud: Installation, act: Act, *words: Any, **named: Any) -> EncounterRow:  # noqa: ANN401 - acts take what they take
    with cloud.database.begin(now=cloud.clock()) as work:
        return act(work, cloud.mine.caller, *words, **named)


def refused(cloud: Installation, act: Act, *words: Any, **named: Any) -> str:  # noqa: ANN401 - as above
    with (
        pytest.raises(DomainError) as error,
        cloud.database.begin(now=cloud.clock()) as work,
    ):
        act(work, cloud.mine.caller, *words, **named)
    return error.value.reason


def kinds(cloud: Installation, encounter_id: str) -> list[str]:
    with cloud.database.reading(now=cloud.clock()) as work:
        return [act.kind for act in acts_of(work, cloud.mine.caller, encounter_id)]


def hand_over(cloud: Installation, encounter_id: str, **named: Any) -> EncounterRow:  # noqa: ANN401 - as above
    whole = {"facility_id": FACILITY, "received_by": "nurse-1", **named}
    return do(cloud, handing_over.hand_over, encounter_id, **whole)


def test_the_way_to_the_hospital_is_written_down_act_by_act(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    alert = handing_over.PreAlert(
        facility_id=FACILITY,
        eta_at=START + timedelta(minutes=12),
        summary="VF arrest, Jo Smith",
        resources=("cath_lab",),
    )
    announced = do(cloud, handing_over.pre_alert, encounter, alert)
    assert (announced.destination, announced.eta_at) == (FACILITY, alert.eta_at)
    do(cloud, handing_over.acknowledge, encounter, acknowledged_by="dr-1", note="Bay 2")
    do(cloud, handing_over.make_ready, encounter)
    assert do(cloud, handing_over.make_ready, encounter).version == 5
    row = hand_over(cloud, encounter)
    do(cloud, handing_over.acknowledge, encounter, acknowledged_by="dr-1")
    assert do(cloud, ending.complete, encounter).status == "completed"
    assert do(cloud, ending.complete, encounter).version == 8
    assert (row.status, row.received_by) == ("handed_over", "nurse-1")
    assert kinds(cloud, encounter) == [
        "created",
        "destination_changed",
        "pre_alert",
        "acknowledged",
        "made_ready",
        "handed_over",
        "acknowledged",
        "completed",
    ]
    told = events_of(cloud)
    assert [event.type.removeprefix("epcr.encounter.") for event in told] == [
        "created",
        "updated",
        "pre_alert",
        "updated",
        "updated",
        "handed_over",
        "updated",
        "completed",
    ]
    assert [event.data["of"] for event in told if event.data["act"] == "acknowledged"] == [
        "pre_alert",
        "handed_over",
    ]
    assert "Smith" not in str(told)
    assert audited(cloud)[-8:] == [
        "create",
        "change-destination",
        "pre-alert",
        "acknowledge",
        "make-ready",
        "hand-over",
        "acknowledge",
        "complete",
    ]


def test_another_destination_is_told_to_the_one_before(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    go: dict[str, Any] = {"facility_id": FACILITY, "reason": "nearest"}
    assert do(embedded, handing_over.change_destination, encounter, **go).version == 2
    assert do(embedded, handing_over.change_destination, encounter, **go).version == 2
    eta = START + timedelta(minutes=30)
    row = do(
        embedded,
        handing_over.change_destination,
        encounter,
        facility_id="RX2-ED",
        reason="diverted",
        eta_at=eta,
    )
    assert (row.destination, row.eta_at) == ("RX2-ED", eta)
    data = events_of(embedded)[-1].data
    assert (data["facility_id"], data["previous_facility_id"]) == ("RX2-ED", FACILITY)
    hand_over(embedded, encounter)
    assert refused(embedded, handing_over.change_destination, encounter, **go) == "encounter_closed"


def test_a_signature_is_kept_and_its_octets_are_what_they_say(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    for octets in (b"<svg onload=x>", PNG + bytes(MOST_OCTETS)):
        wrong = Signature(media_type="image/png", octets=octets)
        reason = refused(
            embedded,
            handing_over.hand_over,
            encounter,
            facility_id=FACILITY,
            received_by="n",
            signature=wrong,
        )
        assert reason == "invalid_signature"
    assert kinds(embedded, encounter) == ["created"]
    hand_over(embedded, encounter, signature=Signature(media_type="image/png", octets=PNG))
    with embedded.database.reading(now=embedded.clock()) as work:
        act = acts_of(work, embedded.mine.caller, encounter)[-1]
        kept = act.data["signature"]
        assert attachment(work, embedded.mine.caller, UUID(kept["attachment_id"])) == PNG


def test_a_handover_of_an_earlier_time_gives_later_readings_back(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    cloud.clock.pass_(600)
    readings = [numeric("97", START + timedelta(seconds=second)) for second in (100, 500)]
    sent = batch(cloud.mine, readings, captured_at=START + timedelta(seconds=500))
    with cloud.database.begin(now=cloud.clock()) as work:
        record_uplink(work, cloud.mine.gateway, sent)
    early = START - timedelta(seconds=1)
    for at, reason in ((early, "at_before_start"), (START + timedelta(hours=1), "at_ahead")):
        given = {"facility_id": FACILITY, "received_by": "n", "at": at}
        assert refused(cloud, handing_over.hand_over, encounter, **given) == reason
    at = START + timedelta(seconds=300)
    row = hand_over(cloud, encounter, at=at)
    assert (row.handover_at, row.closed_at) == (at, at)


def test_a_patient_who_refuses_is_not_handed_over(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    assert refused(embedded, ending.complete, encounter) == "not_handed_over"
    refusal = ending.Refusal(
        refused="transport",
        has_capacity=True,
        are_risks_told=True,
        reason="Wants to stay",
        signature=Signature(media_type="image/png", octets=PNG),
    )
    do(embedded, ending.refuse, encounter, refusal)
    row = do(embedded, ending.complete, encounter)
    assert (row.status, row.handover_at) == ("completed", None)
    assert events_of(embedded)[-1].data["not_conveyed"] == "refused_transport"
    assert refused(embedded, ending.refuse, encounter, refusal) == "encounter_closed"
    other = open_encounter(embedded, "INC-2")
    ended = do(embedded, ending.complete, other, not_conveyed="treated_on_scene")
    assert ended.closed_at is not None


def test_a_duplicate_names_the_encounter_that_counts(embedded: Installation) -> None:
    first, second, third = (open_encounter(embedded, f"INC-{number}") for number in range(3))
    do(embedded, ending.cancel, third, reason="nobody there")
    assert do(embedded, ending.cancel, third, reason="again").version == 2
    for wrong in (second, third, "enc_absent"):
        assert refused(embedded, ending.mark_duplicate, second, of=wrong) == "unknown_original"
    row = do(embedded, ending.mark_duplicate, second, of=first)
    assert (row.status, row.duplicate_of) == ("duplicate", first)
    assert do(embedded, ending.mark_duplicate, second, of=first).version == row.version
    assert refused(embedded, ending.mark_duplicate, first, of=second) == "unknown_original"
    for closed in (second, third):
        reason = refused(embedded, handing_over.acknowledge, closed, acknowledged_by="dr")
        assert reason == "nothing_to_acknowledge"


def test_the_hospital_tells_more_and_more_of_the_outcome(embedded: Installation) -> None:
    encounter = open_encounter(embedded)
    alive = ending.Outcome(status_30_days="alive")
    assert refused(embedded, ending.tell_outcome, encounter, alive) == "not_handed_over"
    hand_over(embedded, encounter)
    assert refused(embedded, ending.tell_outcome, encounter, ending.Outcome()) == "nothing_told"
    first = ending.Outcome(
        diagnoses=[{"code": "I21.0", "display": "STEMI"}], disposition="admitted"
    )
    do(embedded, ending.tell_outcome, encounter, first)
    do(embedded, ending.tell_outcome, encounter, alive)
    with embedded.database.reading(now=embedded.clock()) as work:
        act = acts_of(work, embedded.mine.caller, encounter)[-1]
    assert act.data == {
        "diagnosis": [{"code": "I21.0", "display": "STEMI"}],
        "disposition": "admitted",
        "status_30_days": "alive",
    }


def test_an_amendment_leaves_the_version_before_it_readable(cloud: Installation) -> None:
    encounter = open_encounter(cloud)

    def amended(work: UnitOfWork, reason: str) -> None:
        amend(work, cloud.mine.caller, find(work, cloud.mine.caller, encounter), reason)

    with (
        pytest.raises(DomainError, match="not_handed_over"),
        cloud.database.begin(now=cloud.clock()) as work,
    ):
        amended(work, "too early")
    hand_over(cloud, encounter)
    with cloud.database.begin(now=cloud.clock()) as work:
        amended(work, "The drug was given twice")
    with cloud.database.reading(now=cloud.clock()) as work:
        kept = versions_of(work, cloud.mine.caller, encounter)
        assert [(one.version, one.kind, one.reason) for one in kept] == [
            (2, "handed_over", ""),
            (3, "amended", "The drug was given twice"),
        ]
        assert version_of(work, cloud.mine.caller, encounter, 2).record != kept[1].record
        with pytest.raises(DomainError, match="version_not_found"):
            version_of(work, cloud.mine.caller, encounter, 9)
    assert events_of(cloud)[-1].data["act"] == "amended"


def test_of_two_handovers_at_once_one_counts(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    together = threading.Barrier(2)

    def attempt(facility_id: str) -> str:
        with cloud.database.begin(now=cloud.clock()) as work:
            together.wait(10)
            try:
                handing_over.hand_over(
                    work, cloud.mine.caller, encounter, facility_id=facility_id, received_by="n"
                )
            except DomainError as exc:
                return exc.reason
            return facility_id

    with ThreadPoolExecutor(2) as pool:
        outcomes = set(pool.map(attempt, ("RX1-ED", "RX2-ED")))
    assert "already_handed_over" in outcomes
    assert len(outcomes) == 2
    assert kinds(cloud, encounter).count("handed_over") == 1
