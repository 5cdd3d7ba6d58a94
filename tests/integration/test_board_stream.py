"""The board's stream over a real socket: who may read it and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cloud.api.console.feed import BoardPolicy, LiveFeed
from cloud.app.bootstrap import bootstrap
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.devices.gateways import create_gateway
from cloud.core.encounters.rebinding import Move, move_readings
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.principal import gateway_principal
from cloud.core.kernel.work import utc_now
from protocols.model.quantity import SpecialValue
from tests.fixtures.handovers import (
    BEATS,
    DEFIBRILLATOR,
    HEART_RATE,
    MONITOR,
    OXIMETER,
    PERCENT,
    RHYTHM,
    SPO2,
    V_FIB,
    coded,
    ecg,
    numeric,
    pressure,
)
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.postgres import PostgresServer
from tests.waiting import wait_until

VEHICLE = "RTW-7"
QUICK = BoardPolicy(poll_seconds=0.05, beat_seconds=0.2, check_seconds=0.2, most_viewers=3)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[ServedCloud]:
    with served_cloud(tmp_path, policy=QUICK) as opened:
        yield opened


class Events:
    """Server-sent events of one open answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()
        self.last_id = ""

    def next(self) -> tuple[str, Any]:
        """The next event's name and data."""
        name, data = "", ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = value
            elif not line and data:
                return name, json.loads(data)
        raise EOFError("the stream has ended")

    def until(self, wanted: str) -> Any:  # noqa: ANN401 - JSON
        """The data of the next event of a name."""
        while True:
            name, data = self.next()
            if name == wanted:
                return data

    def until_tiles(self) -> dict[str, Any]:
        """The numbers of the next change that has any: a score may be told in between."""
        while True:
            change = self.until("change")
            if "tiles" in change:
                return dict(change["tiles"])


@contextmanager
def watching(
    cloud: ServedCloud, encounter_id: str | None, *, last_id: str = "", token: str = ""
) -> Iterator[Events]:
    headers = {"Authorization": f"Bearer {token or cloud.token()}"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    query = {"encounter": encounter_id} if encounter_id else {}
    url = f"{cloud.base_url}/board/events"
    with httpx.stream("GET", url, params=query, headers=headers, timeout=10) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer)


def status_of(cloud: ServedCloud, encounter_id: str, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{cloud.base_url}/board/events"
    with httpx.stream(
        "GET", url, params={"encounter": encounter_id}, headers=headers, timeout=10
    ) as answer:
        return answer.status_code


def heart_rate(cloud: ServedCloud, value: str) -> None:
    cloud.send(VEHICLE, [numeric(MONITOR, HEART_RATE, utc_now(), value, BEATS).observation])


def test_a_snapshot_comes_first_and_then_what_changes(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
    heart_rate(cloud, "80")
    cloud.send(VEHICLE, [ecg(utc_now() - timedelta(seconds=1)).observation])
    with watching(cloud, encounter_id) as events:
        snapshot = events.until("snapshot")
        assert snapshot["tiles"]["hr"]["value"] == "80"
        assert len(snapshot["waves"]) == 1
        cloud.send(
            VEHICLE,
            [
                coded(DEFIBRILLATOR, RHYTHM, utc_now(), V_FIB).observation,
                numeric(MONITOR, HEART_RATE, utc_now(), "140", BEATS).observation,
            ],
        )
        change = events.until("change")
        assert change["tiles"]["hr"]["value"] == "140"
        assert change["acuity"]["severity"] == "critical"
        assert [one["text"] for one in change["events"]] == ["Ventricular fibrillation"]


def test_readings_that_were_moved_away_leave_the_page(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
    heart_rate(cloud, "80")
    with watching(cloud, encounter_id) as events:
        assert events.until("snapshot")["tiles"]["hr"]["value"] == "80"
        move = Move(
            from_encounter_id=encounter_id,
            to_encounter_id=None,
            since=utc_now() - timedelta(minutes=5),
            until=utc_now() + timedelta(minutes=5),
            reason="another patient",
        )
        with cloud.parts.database.begin(now=utc_now()) as work:
            move_readings(work, cloud.caller, move)
        assert "80" not in str(events.until("snapshot")["tiles"].get("hr"))
        heart_rate(cloud, "90")
        assert events.until("change")["tiles"]["hr"]["value"] == "90"


def test_the_stream_holds_no_identity(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
    with watching(cloud, encounter_id) as events:
        snapshot = events.until("snapshot")
    assert set(snapshot["encounter"]) == {
        "id",
        "vehicle",
        "incident",
        "complaint",
        "sex",
        "crew",
        "care_model",
        "status",
        "started_at",
        "handover_at",
        "destination",
        "eta_at",
        "version",
        "patient",
    }


def test_whoever_comes_after_a_failed_measurement_still_sees_the_last_good_one(
    cloud: ServedCloud,
) -> None:
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
    at = utc_now() - timedelta(seconds=40)
    failed = pressure(at + timedelta(seconds=20), SpecialValue.NAN, SpecialValue.NAN)
    cloud.send(VEHICLE, [pressure(at, "124", "80", "95").observation, failed.observation])
    with watching(cloud, encounter_id) as events:
        tile = events.until("snapshot")["tiles"]["nibp"]
    assert tile["value"] is None
    assert tile["last"]["value"] == "124/80"


def test_a_returning_viewer_gets_what_it_missed(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
    cloud.send(VEHICLE, [ecg(utc_now() - timedelta(seconds=3)).observation])
    with watching(cloud, encounter_id) as events:
        events.until("snapshot")
        last_id = events.last_id
    missed = ecg(utc_now() - timedelta(seconds=2)).observation
    cloud.send(VEHICLE, [missed])
    with watching(cloud, encounter_id, last_id=last_id) as events:
        change = events.until("change")
        assert [one["id"] for one in change["waves"]] == [str(missed.observation_id)]
        assert change["encounter"]["vehicle"] == VEHICLE


@pytest.mark.parametrize("last_id", ["nonsense", "999999-999999"])
def test_an_id_that_cannot_be_right_gets_a_snapshot(cloud: ServedCloud, last_id: str) -> None:
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
    with watching(cloud, encounter_id, last_id=last_id) as events:
        assert events.until("snapshot")["encounter"]["id"] == encounter_id


def test_the_list_follows_encounters_as_they_open(cloud: ServedCloud) -> None:
    with watching(cloud, None) as events:
        assert events.until("encounters")["encounters"] == []
        cloud.open_encounter(VEHICLE)
        (one,) = events.until("encounters")["encounters"]
        assert one["vehicle"] == VEHICLE


def test_silence_is_filled_with_beats(cloud: ServedCloud) -> None:
    with watching(cloud, cloud.open_encounter(VEHICLE)) as events:
        assert set(events.until("beat")) == {"now"}


def test_anonymous_strangers_and_the_scopeless_see_nothing(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE)
    assert status_of(cloud, encounter_id, None) == 401
    assert status_of(cloud, encounter_id, "nonsense") == 401
    assert status_of(cloud, encounter_id, cloud.token("argus:devices:read")) == 403
    other = bootstrap(cloud.parts, "Southern Ambulance Service")
    stranger = ServedCloud(
        parts=cloud.parts,
        base_url=cloud.base_url,
        client_id=str(other["client_id"]),
        client_secret=str(other["client_secret"]),
        caller=cloud.caller,
        gateway=cloud.gateway,
    )
    assert status_of(cloud, encounter_id, stranger.token()) == 404
    with watching(cloud, None, token=stranger.token()) as events:
        assert events.until("encounters")["encounters"] == []


def test_a_token_in_the_address_is_refused(cloud: ServedCloud) -> None:
    url = f"{cloud.base_url}/board/events?access_token={cloud.token()}"
    assert httpx.get(url).status_code in (400, 401)


def test_watching_is_audited(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE)
    with watching(cloud, encounter_id) as events:
        events.until("snapshot")
    with cloud.parts.database.reading(now=utc_now()) as work:
        entries = work.session.execute(
            select(AuditRow.action, AuditRow.resource_id).where(AuditRow.action == "watch")
        ).all()
    assert ("watch", encounter_id) in [tuple(entry) for entry in entries]


def test_a_stream_ends_when_its_client_is_no_longer_approved(cloud: ServedCloud) -> None:
    with watching(cloud, cloud.open_encounter(VEHICLE)) as events:
        events.until("snapshot")
        with cloud.parts.database.begin(now=utc_now()) as work:
            application = work.session.get(ApplicationRow, cloud.client_id)
            assert application is not None
            application.status = "suspended"
        with pytest.raises(EOFError):
            events.until("never")


def test_too_many_viewers_are_told_to_come_back(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE)
    with watching(cloud, None), watching(cloud, None), watching(cloud, None):
        assert status_of(cloud, encounter_id, cloud.token()) == 503


def test_the_poller_stops_after_the_last_viewer(cloud: ServedCloud) -> None:
    feed: LiveFeed = cloud.feed
    with watching(cloud, cloud.open_encounter(VEHICLE)) as events:
        events.until("snapshot")
        assert feed.is_polling
    wait_until(lambda: not feed.is_polling, timeout=5, what="the poller to stop")


def test_the_pages_and_their_files_come_from_us_alone(cloud: ServedCloud) -> None:
    encounter_id = cloud.open_encounter(VEHICLE)
    with httpx.Client(base_url=cloud.base_url, timeout=60) as browser:
        entrance = browser.get("/board").text
        browser.post("/board/entrance", headers={"Authorization": f"Bearer {cloud.token()}"})
        for address in ("/board", f"/board/{encounter_id}", "/board/sign-in"):
            page = browser.get(address, follow_redirects=True)
            assert page.status_code == 200
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
            assert "style=" not in page.text
            assert "//" not in page.text.replace("<!doctype html>", "").replace(cloud.base_url, "")
        assert VEHICLE not in entrance
        assert browser.get("/board/enc_0").status_code == 404
        assert browser.get("/board/enc%00").status_code == 404
    script = httpx.get(f"{cloud.base_url}/board/static/encounter.js")
    assert script.headers["content-type"].startswith("text/javascript")
    again = httpx.get(
        f"{cloud.base_url}/board/static/encounter.js",
        headers={"If-None-Match": script.headers["etag"]},
    )
    assert again.status_code == 304
    for name in ("nothing.js", "..%2Fboard.py", "board.py"):
        assert httpx.get(f"{cloud.base_url}/board/static/{name}").status_code == 404


def test_a_reading_that_is_committed_late_is_not_missed(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """PostgreSQL numbers rows at their insertion: a slow transaction fills in behind a fast one."""
    with served_cloud(tmp_path, policy=QUICK, database_url=postgres.new_database()) as cloud:
        encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=60)
        with cloud.parts.database.begin(now=utc_now()) as work:
            words = create_gateway(work, tenant_id=cloud.caller.tenant_id, name="second")
        second = gateway_principal(
            tenant_id=cloud.caller.tenant_id, gateway_id=str(words.client_id)
        )
        # The first reading of a month makes its place in the store, and the others wait for it.
        cloud.send(VEHICLE, [pressure(utc_now(), "120", "80").observation])
        slow = numeric(MONITOR, HEART_RATE, utc_now(), "80", BEATS).observation
        fast = numeric(OXIMETER, SPO2, utc_now(), "97", PERCENT).observation
        with watching(cloud, encounter_id) as events:
            events.until("snapshot")
            with cloud.parts.database.begin(now=utc_now()) as work:
                cloud.record(work, VEHICLE, [slow], gateway=second)
                cloud.send(VEHICLE, [fast])
                assert set(events.until_tiles()) == {"spo2"}
            assert set(events.until_tiles()) == {"hr"}
