"""The crew page over real sockets: no data without the PIN, and no foreign page's hand on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.routing import Route

from edge.crew.policy import CrewPolicy
from edge.crew.routes import crew_routes
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import (
    ServedCrew,
    events,
    served_crew,
)
from tests.waiting import wait_until

JPEG = b"\xff\xd8" + b"\xff\xe1\x00\x08Exif\0\0" + b"\xff\xda\x00\x02scan\xff\xd9"


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[ServedCrew]:
    with served_crew(tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCrew]:
    """One page for all tests that leave it as it was."""
    with served_crew(tmp_path_factory.mktemp("crew")) as served:
        yield served


# ---- the lock


PUBLIC = {"/", "/static/{name}", "/lock", "/unlock"}


def test_every_route_but_the_lock_is_closed_without_the_pin(shared: ServedCrew) -> None:
    shared.append([make.number(147842, make.utc_now(), "143", make.BEATS)])
    routes = crew_routes(shared.crew.page)
    assert {route.path for route in routes} >= PUBLIC
    with shared.client(pin=None) as client:
        for route in routes:
            assert isinstance(route, Route)
            path = route.path.replace("{name}", "crew.js").replace("{picture:uuid}", str(uuid4()))
            for method in sorted((route.methods or set()) - {"HEAD"}):
                answer = client.request(method, path, json={})
                assert '"143"' not in answer.text
                if route.path not in PUBLIC:
                    assert answer.status_code == 401, route.path
                    assert answer.json()["reason"] == "locked"


def test_a_made_up_cookie_opens_nothing(shared: ServedCrew) -> None:
    with shared.client(pin=None) as client:
        client.cookies.set("vitalwire_crew", "A" * 43)
        assert client.get("/live").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(shared: ServedCrew) -> None:
    with shared.client(pin=None) as client:
        answer = client.post("/unlock", json={"pin": "4711"})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "4711" not in cookie


def test_the_cookie_lasts_as_long_as_somebody_works_and_no_longer(crew: ServedCrew) -> None:
    with crew.client() as client:
        token = client.cookies["vitalwire_crew"]
        answer = client.post("/touch")
        cookie = answer.headers["set-cookie"].lower()
        assert "max-age=43200" in cookie
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.cookies["vitalwire_crew"] == token
        assert client.get("/lock").json()["unlocked"] is True
        assert client.post("/lock-now").status_code == 200
        client.cookies.set("vitalwire_crew", token)
        late = client.post("/touch")
        assert (late.status_code, "set-cookie" in late.headers) == (401, False)


def test_wrong_pins_are_waited_out_and_the_wait_outlives_a_restart(tmp_path: Path) -> None:
    with served_crew(tmp_path) as crew, crew.client(pin=None) as client:
        for _ in range(3):
            assert client.post("/unlock", json={"pin": "0000"}).status_code == 401
        refused = client.post("/unlock", json={"pin": "4711"})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) <= 3
    with served_crew(tmp_path) as crew, crew.client(pin=None) as client:
        assert client.get("/lock").json()["wait"] > 0
        wait_until(
            lambda: client.post("/unlock", json={"pin": "4711"}).status_code == 200,
            timeout=10,
            what="the right PIN after the wait",
        )
        assert client.get("/lock").json() == {
            "unlocked": True, "pin_set": True, "wait": 0.0, "lock_seconds": 600.0,
        }  # fmt: skip


def test_without_a_pin_the_page_stays_closed(tmp_path: Path) -> None:
    with served_crew(tmp_path, pin=None) as crew, crew.client(pin=None) as client:
        assert client.get("/lock").json()["pin_set"] is False
        for pin in ("", "0000", "4711"):
            assert client.post("/unlock", json={"pin": pin}).status_code in (401, 429)


def test_a_locked_screen_gets_nothing_more_on_the_stream_it_had(crew: ServedCrew) -> None:
    with crew.client() as client, crew.client(pin=None) as same:
        same.cookies = client.cookies
        with client.stream("GET", "/live") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: snapshot"
            assert same.post("/lock-now").status_code == 200
            crew.append([make.number(147842, make.utc_now(), "143", make.BEATS)])
            rest = list(lines)
        assert "event: locked" in rest
        assert '"143"' not in "".join(rest)
        assert client.get("/live").status_code == 401


def test_a_screen_nobody_touches_locks_itself(tmp_path: Path) -> None:
    with served_crew(tmp_path, policy=CrewPolicy(lock_seconds=30)) as crew:
        page = crew.crew.page
        with crew.client() as client:
            page.sessions.lock_seconds = -1.0
            assert client.post("/touch").status_code == 401
            assert len(page.sessions) == 0


# ---- foreign pages


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Vitalwire": ""},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_page_changes_nothing(shared: ServedCrew, headers: dict[str, str]) -> None:
    with shared.client() as client:
        body = {"id": str(uuid4()), "kind": "shock"}
        answer = client.post("/events", json=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_request")
        unlock = client.post("/unlock", json={"pin": "4711"}, headers=headers)
        assert unlock.status_code == 403
    assert events(shared.held()) == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_foreign_name_for_this_address_is_refused(shared: ServedCrew, host: str) -> None:
    with shared.client() as client:
        for path in ("/", "/lock", "/live"):
            assert client.get(path, headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize(
    "host", ["vehicle", "vehicle.local:8080", "localhost", "192.168.1.1:8080", "[::1]:8080"]
)
def test_the_vehicles_own_names_are_answered(shared: ServedCrew, host: str) -> None:
    with shared.client(pin=None) as client:
        assert client.get("/lock", headers={"Host": host}).status_code == 200


def test_every_answer_forbids_foreign_scripts_and_frames(shared: ServedCrew) -> None:
    with shared.client() as client:
        for path in ("/", "/lock", "/handover", "/static/crew.js", "/nowhere"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "http" not in policy
            assert headers["x-content-type-options"] == "nosniff"
        assert client.get("/handover").headers["cache-control"] == "no-store"


def test_the_page_asks_no_other_host(shared: ServedCrew) -> None:
    with shared.client(pin=None) as client:
        texts = [client.get("/").text]
        for file in Path("edge/crew/static").iterdir():
            answer = client.get(f"/static/{file.name}")
            assert answer.status_code == 200
            texts.append(answer.text)
            tag = {"If-None-Match": answer.headers["etag"]}
            assert client.get(f"/static/{file.name}", headers=tag).status_code == 304
        assert client.get("/static/../page.py").status_code == 404
    for text in texts:
        assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
