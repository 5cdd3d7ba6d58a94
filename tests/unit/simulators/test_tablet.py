"""The crew's tablet: tells what people did, and tells it once, however often the network goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from simulators.errors import CloudRefusedError
from simulators.incident.cloud_client import CloudClient, Credentials
from simulators.incident.tablet import Tablet
from simulators.patient.happenings import EventKind
from simulators.patient.scenario import PatientEvent

CALLED = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
START = CALLED + timedelta(minutes=8)
ARREST = (
    PatientEvent(at=4, kind=EventKind.ARREST, words="no pulse"),
    PatientEvent(at=6, kind=EventKind.CPR_STARTED, words="compressions"),
    PatientEvent(at=9, kind=EventKind.ADRENALINE, words="adrenaline"),
    PatientEvent(at=13, kind=EventKind.ASYSTOLE, words="asystole"),
    PatientEvent(at=20, kind=EventKind.ROSC, words="a pulse"),
)


class Cloud:
    """Answers as told, and keeps what it was told."""

    def __init__(self) -> None:
        self.is_away = False
        self.refuses = False
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.said: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        if self.is_away:
            raise httpx.ConnectError("away")
        if self.refuses:
            return httpx.Response(422, json={"error": "no", "message": "Not so."})
        self.asked.append((request.method, request.url.path, json.loads(request.content)))
        return httpx.Response(200, json={})

    @property
    def operations(self) -> list[dict[str, Any]]:
        """Every operation that arrived, repeats among them."""
        return [op for method, _, body in self.asked if method == "PATCH" for op in body["ops"]]

    @property
    def told(self) -> dict[str, Any]:
        """The newest of each path."""
        return {op["path"]: op["value"] for op in self.operations}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def tablet(cloud: Cloud) -> Iterator[Tablet]:
    credentials = Credentials("app_1", "secret")
    transport = httpx.MockTransport(cloud)
    with CloudClient("http://cloud.test", credentials, transport=transport) as client:
        yield Tablet(client, "enc_1", facility="ED", say=cloud.said.append)


def test_an_arrest_is_told_with_its_first_rhythm_and_what_was_done(
    cloud: Cloud, tablet: Tablet
) -> None:
    tablet.arrive(CALLED)
    tablet.tell(ARREST, START, 30)
    tablet.hand_over("nurse-1")
    assert cloud.told["times.call"] == CALLED.isoformat()
    assert cloud.told["arrest.first_rhythm"] == "ventricular_fibrillation"
    assert cloud.told["arrest.rosc_at"] == (START + timedelta(seconds=20)).isoformat()
    assert cloud.told["medications"]["code"]["display"] == "Adrenaline"
    assert cloud.told["disposition"] == "conveyed"
    alerts = [body for _, path, body in cloud.asked if path.endswith("/pre-alert")]
    assert [one["facility_id"] for one in alerts] == ["ED"]
    assert len(cloud.said) == 1
    assert cloud.asked[-1][1].endswith("/handover")


def test_what_waited_for_the_network_is_told_once_and_in_order(
    cloud: Cloud, tablet: Tablet
) -> None:
    cloud.is_away = True
    tablet.arrive(CALLED)
    tablet.tell(ARREST, START, 10)
    assert cloud.asked == []
    cloud.is_away = False
    tablet.tell(ARREST, START, 10)
    tablet.tell(ARREST, START, 10)
    assert len({op["op_id"] for op in cloud.operations}) == len(cloud.operations)
    counts = [op["vector"]["tablet-1"] for op in cloud.operations]
    assert counts == list(range(1, len(counts) + 1))


def test_a_tablet_that_starts_again_tells_the_same_under_the_same_ids(cloud: Cloud) -> None:
    for _ in range(2):
        transport = httpx.MockTransport(cloud)
        with CloudClient(
            "http://cloud.test", Credentials("app_1", "secret"), transport=transport
        ) as client:
            one = Tablet(client, "enc_1", facility="ED", say=cloud.said.append)
            one.tell(ARREST, START, 5)
    ids = [op["op_id"] for op in cloud.operations]
    assert ids[: len(ids) // 2] == ids[len(ids) // 2 :]


def test_a_refusal_is_not_taken_for_a_network_that_is_away(cloud: Cloud, tablet: Tablet) -> None:
    cloud.refuses = True
    with pytest.raises(CloudRefusedError, match="Not so"):
        tablet.arrive(CALLED)


def test_no_arrest_no_alert(cloud: Cloud, tablet: Tablet) -> None:
    tablet.tell((PatientEvent(at=1, kind=EventKind.OXYGEN, words="oxygen"),), START, 5)
    assert list(cloud.told) == ["medications"]
    assert cloud.said == []
