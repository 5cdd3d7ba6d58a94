"""Signing in to the board by its authorization server, over a real socket, as a browser does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from cloud.app.bootstrap import bootstrap
from cloud.core.authorization.accounts import suspend
from cloud.core.authorization.board_tables import BoardSessionRow
from cloud.core.authorization.facilities import place_person
from cloud.core.authorization.forgetting import forget_over
from cloud.core.authorization.grant_tables import GrantRow, SessionRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters.handing_over import PreAlert, change_destination, pre_alert
from cloud.core.encounters.patients import ToldPatient, identify
from cloud.core.encounters.record import PatientIdentity
from cloud.core.identity.tables import UserRow
from cloud.core.kernel.work import utc_now
from tests.fixtures.people_apps import PASSWORD, audited, make_person
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.integration.test_board_stream import QUICK

EMAIL = "ada@example.org"
VEHICLE = "RTW-7"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[ServedCloud]:
    with served_cloud(tmp_path, policy=QUICK) as opened:
        yield opened


@dataclass(slots=True)
class Person:
    """Somebody at a browser that keeps cookies and follows forms."""

    http: httpx.Client

    def begin(self, target: str = "/board") -> httpx.Response:
        """As far as the page that asks for the password, or past it for whom it is known."""
        return self.http.get("/board/sign-in", params={"to": target}, follow_redirects=True)

    def sign_in(self, target: str = "/board", *, password: str = PASSWORD) -> httpx.Response:
        """The page at the end of it all."""
        page = self.begin(target)
        form = {"state": hidden(page, "state"), "email": EMAIL, "password": password}
        onward = self.http.post("/v1/oauth/sign-in", data=form)
        found = re.search(r'content="0;url=([^"]+)"', onward.text)
        if found is None:
            return onward
        return self.http.get(unescape(found[1]), follow_redirects=True)

    @property
    def csrf(self) -> str:
        """The proof that only a page of the session holds."""
        found = re.search(r'name="csrf" content="([^"]+)"', self.http.get("/board").text)
        assert found is not None
        return found[1]

    def sign_out(self, **headers: str) -> int:
        """Press the button."""
        given = {"X-Board-CSRF": self.csrf, **headers}
        return self.http.post("/board/sign-out", headers=given).status_code


@pytest.fixture
def person(cloud: ServedCloud) -> Iterator[Person]:
    with httpx.Client(base_url=cloud.base_url, timeout=60) as http:
        yield Person(http)


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def sessions(cloud: ServedCloud) -> list[BoardSessionRow]:
    with cloud.parts.database.reading(now=utc_now()) as work:
        return list(work.session.scalars(select(BoardSessionRow)))


def test_a_clinician_signs_in_by_password_and_gets_a_cookie_and_no_token(
    cloud: ServedCloud, person: Person
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    encounter_id = cloud.open_encounter(VEHICLE)
    asked = person.begin(f"/board/{encounter_id}")
    assert "Hospital board" in asked.text, "who asks"
    page = person.sign_in(f"/board/{encounter_id}")
    assert page.status_code == 200
    assert page.url.path == f"/board/{encounter_id}"
    assert "Ada Byron" in page.text
    assert "eyJ" not in page.text
    kept = {cookie.name: cookie for cookie in person.http.cookies.jar}
    assert "vitalwire-board-departure" not in kept
    assert "eyJ" not in str(kept["vitalwire-board"].value)
    assert kept["vitalwire-board"].has_nonstandard_attr("HttpOnly")
    (row,) = sessions(cloud)
    assert str(kept["vitalwire-board"].value) not in (row.cookie_hash, row.board_session_id)
    assert person.begin().url.path == "/board", "the second time nothing is asked"


def test_the_request_carries_pkce_and_a_state_and_nobody_is_asked_to_consent(
    cloud: ServedCloud, person: Person
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    answer = person.http.get("/board/sign-in")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{cloud.base_url}/board/signed-in"]
    assert len(asked["state"][0]) > 40
    person.sign_in()
    with cloud.parts.database.reading(now=utc_now()) as work:
        (grant,) = work.session.scalars(select(GrantRow))
    assert grant.scopes == ["argus:epcr:read", "argus:epcr:handover"], "what a clinician may"


def test_whose_role_reads_no_encounters_is_told_so(cloud: ServedCloud, person: Person) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("patient",))
    page = person.sign_in()
    assert page.status_code == 403
    assert "may not open the board" in page.text
    assert sessions(cloud) == []


@pytest.mark.parametrize("change", ["state", "iss", "code", "no cookie", "error"])
def test_what_comes_back_from_elsewhere_opens_nothing(
    cloud: ServedCloud, person: Person, change: str
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    page = person.begin()
    form = {"state": hidden(page, "state"), "email": EMAIL, "password": PASSWORD}
    onward = person.http.post("/v1/oauth/sign-in", data=form)
    found = re.search(r'content="0;url=([^"]+)"', onward.text)
    assert found is not None
    address = urlsplit(unescape(found[1]))
    answer = {name: values[0] for name, values in parse_qs(address.query).items()}
    if change == "no cookie":
        person.http.cookies.clear()
    else:
        answer[change] = "https://evil.example" if change == "iss" else "somebody-elses"
    back = person.http.get(address.path, params=answer)
    assert back.status_code == 403
    assert "egin again" in back.text
    assert sessions(cloud) == []


def test_the_way_on_leads_to_pages_of_the_board_alone(cloud: ServedCloud, person: Person) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    for target in ("https://evil.example", "//evil.example", "/board/../account", "/account"):
        assert person.sign_in(target).url.path == "/board"
        assert person.sign_out() == 204


def test_signing_out_ends_the_session_the_grant_and_the_sign_in(
    cloud: ServedCloud, person: Person
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    person.sign_in()
    cookies = dict(person.http.cookies)
    assert person.sign_out() == 204
    assert "Sign in" in person.http.get("/board").text
    with httpx.Client(base_url=cloud.base_url, cookies=cookies, timeout=60) as thief:
        assert thief.get("/board/events").status_code == 401
        assert "has ended" in thief.get("/board").text
    with cloud.parts.database.reading(now=utc_now()) as work:
        assert all(row.revoked_at for row in work.session.scalars(select(GrantRow)))
        assert all(row.ended_at for row in work.session.scalars(select(SessionRow)))
    assert "Password" in person.begin().text, "the password is asked for anew"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Board-CSRF": "0" * 64},
        {"X-Board-CSRF": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_page_elsewhere_signs_nobody_out(
    cloud: ServedCloud, person: Person, headers: dict[str, str]
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    person.sign_in()
    assert person.sign_out(**headers) == 403
    assert person.http.get("/board").text.count("csrf") == 1


def test_a_session_ends_with_the_person(cloud: ServedCloud, person: Person) -> None:
    user_id = make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    person.sign_in()
    with person.http.stream("GET", "/board/events", timeout=10) as stream:
        assert stream.status_code == 200
        with cloud.parts.database.begin(now=utc_now()) as work:
            suspend(work, cloud.caller, work.session.get_one(UserRow, user_id))
        for _ in stream.iter_lines():
            pass  # until the service ends it
    assert person.http.get("/board/events").status_code == 401
    assert "has ended" in person.http.get("/board").text


def test_a_token_that_ends_is_followed_by_another_as_long_as_the_grant_stands(
    cloud: ServedCloud, person: Person
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    person.sign_in()
    (before,) = sessions(cloud)
    with cloud.parts.database.begin(now=utc_now()) as work:
        work.session.get_one(BoardSessionRow, before.board_session_id).renew_at = work.now
    assert "csrf" in person.http.get("/board").text
    (after,) = sessions(cloud)
    assert after.sealed_token != before.sealed_token
    assert after.renew_at > utc_now()
    with cloud.parts.database.begin(now=utc_now()) as work:
        work.session.get_one(BoardSessionRow, before.board_session_id).renew_at = work.now
        work.session.get_one(GrantRow, before.grant_id).revoked_at = work.now
    assert "has ended" in person.http.get("/board").text
    assert sessions(cloud)[0].ended_at is not None


def test_a_token_shown_once_opens_a_session_that_ends_with_it(
    cloud: ServedCloud, person: Person
) -> None:
    def enter(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return person.http.post("/board/entrance", headers=headers).status_code

    assert enter("nonsense") == 401
    assert enter(cloud.token("argus:devices:read")) == 403
    assert enter(cloud.token()) == 204
    page = person.http.get("/board")
    assert "Northern Ambulance Service client" in page.text
    (row,) = sessions(cloud)
    assert row.grant_id is None
    assert timedelta(minutes=59) < row.expires_at - row.created_at <= timedelta(hours=1)
    assert person.sign_out() == 204
    assert "Sign in" in person.http.get("/board").text


def test_where_there_are_several_organisations_theirs_is_asked_for(
    cloud: ServedCloud, person: Person
) -> None:
    bootstrap(cloud.parts, "Southern Ambulance Service")
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    assert "Whose board?" in person.begin().text
    unknown = person.http.get("/board/sign-in", params={"organisation": "Nobody"})
    assert "No organisation of this name" in unknown.text
    named = {"organisation": "Northern Ambulance Service"}
    assert "Password" in person.http.get("/board/sign-in", params=named, follow_redirects=True).text


def test_the_board_of_another_name_of_this_host_goes_on_at_the_issuers(
    cloud: ServedCloud, person: Person
) -> None:
    answer = person.http.get("/board/sign-in?to=/board", headers={"Host": "localhost"})
    assert answer.headers["location"] == f"{cloud.base_url}/board/sign-in?to=/board"


def test_sessions_are_forgotten_and_the_boards_client_stays_one(
    cloud: ServedCloud, person: Person
) -> None:
    make_person(cloud, cloud.caller, email=EMAIL, roles=("clinician",))
    person.sign_in()
    with cloud.parts.database.begin(now=utc_now() + timedelta(days=3)) as work:
        forget_over(work)
    assert sessions(cloud) == []
    person.begin()
    with cloud.parts.database.reading(now=utc_now()) as work:
        made = work.session.scalars(select(ApplicationRow).where(ApplicationRow.kind == "board"))
        assert len(list(made)) == 1


HOSPITAL = "st-elsewhere"


def announced(cloud: ServedCloud) -> str:
    """An encounter on its way to the hospital, of somebody who is known."""
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=300)
    with cloud.parts.database.begin(now=utc_now()) as work:
        told = ToldPatient(identity=PatientIdentity(family_name="Example", given_name="Nell"))
        identify(work, cloud.parts.vault, cloud.caller, encounter_id, told)
        alert = PreAlert(
            facility_id=HOSPITAL,
            eta_at=utc_now() + timedelta(minutes=9),
            summary="Arrest in the kitchen",
            resources=("resuscitation team",),
        )
        pre_alert(work, cloud.caller, encounter_id, alert)
    return encounter_id


def placed(cloud: ServedCloud, facility_id: str | None, role: str = "clinician") -> None:
    user_id = make_person(cloud, cloud.caller, email=EMAIL, roles=(role,))
    with cloud.parts.database.begin(now=utc_now()) as work:
        place_person(work, cloud.caller, work.session.get_one(UserRow, user_id), facility_id)


def acknowledge(person: Person, encounter_id: str, **headers: str) -> httpx.Response:
    return person.http.post(
        f"/board/{encounter_id}/acknowledgement",
        json={"acknowledged_by": "Dr Osei, resuscitation"},
        headers={"X-Board-CSRF": person.csrf, **headers},
    )


def test_at_the_destination_it_is_told_who_comes_and_each_time_audited(
    cloud: ServedCloud, person: Person
) -> None:
    encounter_id = announced(cloud)
    placed(cloud, HOSPITAL)
    person.sign_in()
    alerts = person.http.get("/board/pre-alerts").json()["pre_alerts"]
    assert alerts[encounter_id]["text"] == "Arrest in the kitchen"
    told = person.http.get(f"/board/{encounter_id}/identified").json()
    assert told["identity"]["name"] == "EXAMPLE, Nell"
    assert told["record"]["pre_alert"]["resources"] == ["resuscitation team"]
    assert len(audited(cloud, cloud.caller.tenant_id, "read-identified")) == 2
    assert f'name="facility" content="{HOSPITAL}"' in person.http.get(f"/board/{encounter_id}").text


@pytest.mark.parametrize(
    ("facility_id", "role"),
    [("elsewhere", "clinician"), (None, "clinician"), (HOSPITAL, "dispatcher")],
)
def test_elsewhere_and_without_the_right_nobody_is_told_who_it_is(
    cloud: ServedCloud, person: Person, facility_id: str | None, role: str
) -> None:
    encounter_id = announced(cloud)
    placed(cloud, facility_id, role)
    person.sign_in()
    assert person.http.get("/board/pre-alerts").json() == {"pre_alerts": {}}
    refused = person.http.get(f"/board/{encounter_id}/identified")
    assert (refused.status_code, refused.json()["error"]) == (403, "not_the_destination")
    assert "EXAMPLE" not in refused.text


def test_the_destination_acknowledges_and_nobody_else(cloud: ServedCloud, person: Person) -> None:
    encounter_id = announced(cloud)
    placed(cloud, HOSPITAL)
    person.sign_in()
    assert acknowledge(person, encounter_id, Origin="https://evil.example").status_code == 403
    assert acknowledge(person, encounter_id).status_code == 200
    told = person.http.get(f"/board/{encounter_id}/identified").json()["record"]["acknowledged"]
    assert (told["of"], told["by"]) == ("pre_alert", "Dr Osei, resuscitation")
    with cloud.parts.database.begin(now=utc_now()) as work:
        change_destination(
            work, cloud.caller, encounter_id, facility_id="elsewhere", reason="no room"
        )
    assert acknowledge(person, encounter_id).json()["error"] == "not_the_destination"
    assert acknowledge(person, "enc_0").status_code == 404
    assert acknowledge(person, "enc%00").status_code == 400
