"""NEWS2 of an encounter, of what devices measured and the crew told while that is fresh."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from cloud.core.encounters.early_warning import EarlyWarning, early_warning_of
from cloud.core.encounters.finding import find
from cloud.core.encounters.recorded import record_of
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.early_warning import Consciousness, Risk
from protocols.model.observation import CompoundNumericObservation, MeasurementStatus
from protocols.model.quantity import Quantity, SpecialValue
from tests.fixtures.cloud import HEART_RATE, PER_MINUTE, START, Installation, batch, numeric
from tests.fixtures.tablets import MINE, Crew, op
from tests.integration.test_cloud_crew_events import event, send
from tests.integration.test_cloud_encounter_changes import crew
from tests.integration.test_cloud_recording import open_encounter, record

pytestmark = pytest.mark.long_on_postgresql

__all__ = ["crew"]
BREATHS = MdcCode(2, 20490)
TEMPERATURE, FAHRENHEIT = MdcCode(2, 19292), UnitCode(4416)
PRESSURE, SYSTOLIC, KILOPASCAL = MdcCode(2, 18948), MdcCode(2, 18949), UnitCode(3843)


def warning(cloud: Installation, encounter: str) -> EarlyWarning:
    with cloud.database.reading(now=cloud.clock()) as work:
        row = find(work, cloud.mine.caller, encounter)
        told = record_of(work, cloud.mine.caller, row)
        return early_warning_of(work, cloud.mine.caller, row, told)


def pressure(kilopascal: str, seconds: float) -> CompoundNumericObservation:
    plain = numeric("1", START + timedelta(seconds=seconds))
    return CompoundNumericObservation(
        observation_id=uuid4(),
        type=PRESSURE,
        observed_at=plain.observed_at,
        device=plain.device,
        components=((SYSTOLIC, Quantity(Decimal(kilopascal), KILOPASCAL)),),
    )


def measure(cloud: Installation) -> None:
    at = START + timedelta(seconds=5)
    record(
        cloud,
        batch(
            cloud.mine,
            [
                numeric("93", at),
                numeric("115", at, code=HEART_RATE, unit=PER_MINUTE),
                numeric("22", at, code=BREATHS, unit=PER_MINUTE),
                numeric("101.3", at, code=TEMPERATURE, unit=FAHRENHEIT),
                pressure("12.9", 5),
            ],
        ),
    )


async def told(crew: Crew, number: int, kind: str, unit: str = "", **values: object) -> None:
    value = {"type": kind, "values": values, **({"unit": unit} if unit else {})}
    await crew.tell(MINE, op(number, "vitals", value, minutes=0.1, vector={MINE: number}))


async def test_the_score_is_worked_out_of_devices_and_crew_with_its_parts(crew: Crew) -> None:
    measure(crew.cloud)
    await told(crew, 1, "avpu", level="A")
    await told(crew, 2, "oxygen", "L/min", flow=2)
    crew.cloud.clock.pass_(60)
    found = warning(crew.cloud, crew.encounter)
    assert {part.name: part.points for part in found.score.parts} == {
        "respiration_rate": 2, "saturation": 2, "oxygen": 2, "systolic": 2, "pulse": 2,
        "consciousness": 0, "temperature": 1,
    }  # fmt: skip
    assert (found.score.total, found.score.risk, found.unfit) == (11, Risk.HIGH, "")
    assert found.known.consciousness is Consciousness.ALERT
    shown = (await crew.http.get(crew.path, headers=crew.headers)).json()["early_warning"]
    assert (shown["total"], shown["risk"], shown["missing"]) == (11, "high", [])
    assert {"name": "oxygen", "points": 2} in shown["parts"]


async def test_what_is_too_old_is_missing_and_there_is_no_total(crew: Crew) -> None:
    measure(crew.cloud)
    crew.cloud.clock.pass_(126)
    found = warning(crew.cloud, crew.encounter)
    assert found.score.missing == (
        "respiration_rate", "saturation", "oxygen", "pulse", "consciousness",
    )  # fmt: skip
    assert (found.score.total, found.score.least) == (None, 3)
    # A finding by hand is worth more time than a monitor's number.
    await told(crew, 1, "respiration_rate", "/min", value=30)
    crew.cloud.clock.pass_(600)
    assert warning(crew.cloud, crew.encounter).known.respiration_rate == 30


async def test_the_later_of_measured_and_told_is_the_patients(crew: Crew) -> None:
    measure(crew.cloud)
    await told(crew, 1, "spo2", "%", value=88)
    await told(crew, 2, "temperature", "[degF]", value=104)
    crew.cloud.clock.pass_(20)
    found = warning(crew.cloud, crew.encounter).known
    assert [found.saturation, found.temperature] == [88, 40]
    newer = numeric("97", START + timedelta(seconds=10))
    record(crew.cloud, batch(crew.cloud.mine, [newer]))
    assert warning(crew.cloud, crew.encounter).known.saturation == 97


async def test_what_is_doubted_not_done_or_flagged_is_missing(crew: Crew) -> None:
    at = START + timedelta(seconds=5)
    doubted = replace(numeric("80", at), status=MeasurementStatus.QUESTIONABLE)
    beyond = numeric("900", at, code=HEART_RATE, unit=PER_MINUTE)
    nothing = numeric(SpecialValue.NAN, at, code=BREATHS, unit=PER_MINUTE)
    record(crew.cloud, batch(crew.cloud.mine, [doubted, beyond, nothing]))
    refused = {"type": "temperature", "not_done": "refused"}
    await crew.tell(MINE, op(1, "vitals", refused, vector={MINE: 1}))
    await told(crew, 2, "respiration_rate", "/min", value=400)
    crew.cloud.clock.pass_(20)
    assert len(warning(crew.cloud, crew.encounter).score.missing) == 7
    shown = (await crew.http.get(crew.path, headers=crew.headers)).json()
    assert "early_warning" not in shown


@pytest.mark.parametrize(("age", "unfit"), [(15, "under 16"), (16, "")])
async def test_there_is_no_score_of_a_child(crew: Crew, age: int, unfit: str) -> None:
    measure(crew.cloud)
    await crew.tell(MINE, op(1, "patient.age_years", age, vector={MINE: 1}))
    crew.cloud.clock.pass_(20)
    found = warning(crew.cloud, crew.encounter)
    assert (found.unfit, found.score.least) == (unfit, 0 if unfit else 9)
    shown = (await crew.http.get(crew.path, headers=crew.headers)).json()
    assert shown["early_warning"].get("unfit", "") == unfit


async def test_points_of_what_people_tell_come_from_the_vehicles_own_score(crew: Crew) -> None:
    measure(crew.cloud)
    details = (("scale", "1"), ("oxygen", "2"), ("consciousness", "3"), ("pulse", "0"))
    send(crew.cloud, event("early_warning", seconds=6, details=details))
    crew.cloud.clock.pass_(20)
    found = warning(crew.cloud, crew.encounter).score
    points = {part.name: part.points for part in found.parts}
    assert (points["oxygen"], points["consciousness"], points["pulse"]) == (2, 3, 2)
    assert found.total == 14
    # Told by hand since, the level counts.
    await told(crew, 1, "avpu", level="A")
    assert warning(crew.cloud, crew.encounter).score.total == 11
    send(crew.cloud, event("early_warning", seconds=9, details=details))
    assert warning(crew.cloud, crew.encounter).score.total == 14
    crew.cloud.clock.pass_(1800)
    assert "oxygen" in warning(crew.cloud, crew.encounter).score.missing


def test_an_encounter_that_is_over_has_the_score_of_its_end(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    measure(cloud)
    cloud.clock.pass_(60)
    with cloud.database.begin(now=cloud.clock()) as work:
        find(work, cloud.mine.caller, encounter).closed_at = cloud.clock()
    cloud.clock.pass_(86_400)
    found = warning(cloud, encounter)
    assert found.at == START + timedelta(seconds=60)
    assert found.known.pulse == 115
