"""The crew page over real sockets: what was told of one patient, how old it is, whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from edge.commands.encounter import Binding
from edge.crew.told import Assessment
from protocols.model.early_warning import Consciousness
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import ServedCrew, events, served_crew, snapshot


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[ServedCrew]:
    with served_crew(tmp_path) as served:
        yield served


def details(**given: object) -> dict[str, object]:
    return {"id": str(uuid4()), **given}


def tell(client: httpx.Client, **given: object) -> None:
    answer = client.post("/assessment", json=given)
    assert answer.status_code == 200, answer.text


def points(score: dict[str, Any]) -> dict[str, int | None]:
    return {part["name"]: part["points"] for part in score["parts"]}


def measure_all(crew: ServedCrew) -> None:
    now = make.utc_now()
    crew.append(
        [
            make.number(151594, now, "28", make.BEATS),
            make.number(150456, now, "97", make.PERCENT),
            make.number(149530, now, "120", make.BEATS),
            make.number(150364, now, "37.0", make.CELSIUS),
            make.pressure(now, "95", "60", "72"),
        ]
    )


# ---- how old an answer is, and whom the score is for


def test_one_answer_told_anew_does_not_make_the_others_new(crew: ServedCrew) -> None:
    hour_ago = make.utc_now() - timedelta(hours=1)
    old = Assessment(
        consciousness=Consciousness.ALERT, consciousness_at=hour_ago,
        on_oxygen=False, on_oxygen_at=hour_ago,
    )  # fmt: skip
    with crew.client() as client:
        crew.bind(Binding(encounter_id="enc_1", started_at=hour_ago))
        crew.crew.page.told.keep(assessment=old, at=make.utc_now())
        tell(client, on_oxygen=True)
        shown = snapshot(client)
        assert points(shown["news2"])["Air or oxygen"] == 2
        assert points(shown["news2"])["Consciousness"] is None
        assert shown["assessment"]["consciousness_at"] == hour_ago.isoformat().replace(
            "+00:00", "Z"
        )
        tell(client, consciousness="V")
        assert points(snapshot(client)["news2"])["Consciousness"] == 3
        assert points(snapshot(client)["news2"])["Air or oxygen"] == 2


@pytest.mark.parametrize(
    ("patient", "told", "unfit"),
    [
        ({"age_years": 3}, {}, "under 16"),
        ({"age_years": 15}, {}, "under 16"),
        ({"age_years": 30}, {"is_pregnant": True}, "pregnancy"),
    ],
)
def test_no_score_is_given_for_whom_the_chart_is_not_made(
    crew: ServedCrew, patient: dict[str, object], told: dict[str, object], unfit: str
) -> None:
    with crew.client() as client:
        measure_all(crew)
        client.post("/patient", json=details(**patient))
        tell(client, consciousness="A", on_oxygen=False, **told)
        score = snapshot(client)["news2"]
        assert (score["unfit"], score["total"], score["least"]) == (unfit, None, 0)
        assert (score["risk"], score["red"], set(points(score).values())) == (None, False, {None})
        lines = dict(client.get("/handover").json()["lines"])
        assert "NEWS2" not in lines["S  Signs"]
        refused = client.post(
            "/events", json={"id": str(uuid4()), "kind": "early_warning", "text": "7"}
        )
        assert (refused.status_code, unfit in refused.json()["words"]) == (422, True)
    assert "early_warning" not in [event.kind for event in events(crew.held())]


def test_a_score_of_someone_whose_age_nobody_told_says_so(crew: ServedCrew) -> None:
    with crew.client() as client:
        measure_all(crew)
        tell(client, consciousness="A", on_oxygen=False)
        score = snapshot(client)["news2"]
        assert (score["unfit"], score["age_told"], score["total"]) == ("", False, 7)
        lines = dict(client.get("/handover").json()["lines"])
        assert "NEWS2 7 (age not told)" in lines["S  Signs"]
        client.post("/patient", json=details(age_years=16))
        assert snapshot(client)["news2"]["age_told"] is True
        lines = dict(client.get("/handover").json()["lines"])
        assert lines["S  Signs"].endswith("NEWS2 7")


# ---- whose it is


def bind(crew: ServedCrew, name: str, *, ago: timedelta = timedelta(0)) -> None:
    crew.bind(Binding(encounter_id=name, started_at=make.utc_now() - ago, number=name))


def test_what_was_told_before_dispatch_bound_goes_along_and_is_said_of_it(
    crew: ServedCrew,
) -> None:
    with crew.client() as client:
        client.post("/patient", json=details(family_name="Example", allergies="Penicillin"))
        tell(client, consciousness="A", on_oxygen=True)
        bind(crew, "enc_1", ago=timedelta(minutes=5))
        shown = snapshot(client)
        assert shown["patient"]["allergies"] == "Penicillin"
        assert shown["assessment"]["consciousness"] == "A"
        assert shown["aside"] is None
        client.post("/encounter/confirm")
    kept = (crew.folder / "crew" / "patient.json").read_text()
    assert "enc_1" in kept
    told = [event for event in events(crew.held()) if event.kind == "patient_details"]
    assert [event.encounter for event in told] == ["", "enc_1"]


@pytest.mark.parametrize("is_same", [True, False])
def test_dispatch_replaces_an_encounter_begun_on_board_and_a_person_says_whose_it_is(
    crew: ServedCrew, *, is_same: bool
) -> None:
    with crew.client() as client:
        client.post("/encounter/begin", json={"id": str(uuid4())})
        client.post("/patient", json=details(family_name="Example", age_years=67))
        tell(client, consciousness="V")
        bind(crew, "enc_1")
        shown = snapshot(client)
        assert shown["patient"]["family_name"] == ""
        assert shown["aside"] == {"who": "Example, 67 years"}
        client.post("/patient", json=details(allergies="Latex"))
        answer = client.post("/patient/aside", json={"id": str(uuid4()), "is_same": is_same})
        assert answer.status_code == 200
        shown = snapshot(client)
        assert shown["aside"] is None
        assert shown["patient"]["allergies"] == "Latex"
        assert shown["patient"]["family_name"] == ("Example" if is_same else "")
        assert shown["assessment"]["consciousness"] == ("V" if is_same else None)
    kept = (crew.folder / "crew" / "patient.json").read_text()
    assert ("Example" in kept) is is_same
    told = [event for event in events(crew.held()) if event.kind == "patient_details"]
    assert ("age_years", "67") not in told[1].details
    assert (("age_years", "67") in told[-1].details) is is_same


def test_allergies_go_up_with_what_may_be_told_and_no_identifier_does(crew: ServedCrew) -> None:
    with crew.client() as client:
        bind(crew, "enc_1")
        told = details(
            family_name="Example", nhs_number="943 476 5919", born="1960-02-29", sex="female",
            allergies="Penicillin, latex", complaint="Fall",
        )  # fmt: skip
        client.post("/patient", json=told)
        assert ["A  Allergies", "Penicillin, latex"] in client.get("/handover").json()["lines"]
    (event,) = [one for one in events(crew.held()) if one.kind == "patient_details"]
    assert (event.encounter, event.text) == ("enc_1", "")
    sent = dict(event.details)
    assert sent.pop("age_years").isdecimal()
    assert sent == {
        "sex": "female", "allergies": "Penicillin, latex", "identity": "checked number"
    }  # fmt: skip


def test_what_was_told_long_before_an_encounter_is_asked_about(crew: ServedCrew) -> None:
    with crew.client() as client:
        client.post("/patient", json=details(family_name="Example"))
        later = make.utc_now() + timedelta(hours=2)
        crew.bind(Binding(encounter_id="enc_2", started_at=later))
        shown = snapshot(client)
        assert (shown["patient"]["family_name"], shown["aside"]) == ("", {"who": "Example"})
        bind(crew, "enc_3")
        assert snapshot(client)["aside"] is None
    assert not (crew.folder / "crew" / "patient.json").exists()
