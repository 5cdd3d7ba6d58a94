"""Unmistakable words go through a whole served run, and stand nowhere they do not belong.

API and worker are processes that log everything they can. A patient is told of, identified,
photographed, announced and handed over; a hospital refuses, a subscription and a webhook are not
taken; requests are wrong, and the database is broken. Then the log, the metrics, the answers and
every column of every table are searched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import pytest

from cloud.db.engine import SQLITE_FILE
from tests.fixtures.exchange_programs import FACILITY, PATIENCE, ExchangePrograms, exchange_programs
from tests.fixtures.hospitals import Said, ScriptedHospital, outcome, scripted_hospital
from tests.fixtures.pictures import jpeg
from tests.fixtures.worlds import FHIR, subscription
from tests.waiting import wait_until

PERSON: Final = {
    "family_name": "Ottersby-Quill",
    "given_name": "Marigoldine",
    "birth_date": "1981-04-12",
    "sex": "female",
    "nhs_number": "9434765919",
    "nhs_number_status": "verified",
    "address": ["17 Quillmoor Lane"],
    "postcode": "LS1 4ZQ",
    "phone": "+44 113 496 0123",
    "next_of_kin": {"name": "Bartholomuel Quill", "phone": "+44 113 496 0456"},
}
IDENTITY: Final = (
    *("Ottersby", "Marigoldine", "1981-04-12", "9434765919", "943 476 5919", "Quillmoor"),
    *("LS1 4ZQ", "496 0123", "Bartholomuel", "496 0456"),
)
"""Who it is: in no column that is not sealed."""
NARRATIVE: Final = "yew-hollow-narrative"
SUMMARY: Final = "yew-hollow-summary"
NOTE: Final = "yew-hollow-note"
PHOTO: Final = "yew-hollow-photo-octets"
JSON: Final = {"Content-Type": "application/json"}
NOW: Final = datetime.now(UTC).isoformat()
TOLD: Final = (NARRATIVE, SUMMARY, NOTE, PHOTO)
"""What the crew told: in the record's own columns and in no other."""
SECRETS: Final = ("bearer-of-the-hospital", "header-of-the-subscription", "secret-of-the-webhook")
RECORD: Final = frozenset(
    {
        ("encounter_ops", "value"),
        ("encounter_acts", "data"),
        ("encounter_versions", "record"),
        ("attachment_parts", "octets"),
        ("crew_events", "text"),
    }
)
"""The columns of the record itself, which the operator's disk and database protect."""


class Run:
    """One served installation, and everything its clients were answered."""

    def __init__(self, programs: ExchangePrograms) -> None:
        self.programs = programs
        self.errors: list[str] = []
        self.seen: list[str] = []
        self.encounter = ""
        self.secrets = [programs.tenant.client_secret, programs.tenant.admin_client_secret]
        self.tokens: dict[bool, str] = {}

    @property
    def path(self) -> str:
        """Where the encounter is."""
        return f"/api/v1/epcr/encounters/{self.encounter}"

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        admin: bool = False,
        **more: Any,  # noqa: ANN401 - as httpx takes it
    ) -> httpx.Response:
        """One call; the answer is kept to be searched."""
        if admin not in self.tokens:
            self.tokens[admin] = self._token(admin=admin)
        headers = {"Authorization": f"Bearer {self.tokens[admin]}", **more.pop("headers", {})}
        url = f"{self.programs.base}{path}"
        answer = httpx.request(method, url, headers=headers, json=body, timeout=PATIENCE, **more)
        (self.errors if answer.is_error else self.seen).append(answer.text)
        return answer

    def done(self, method: str, path: str, body: object = None, **more: Any) -> Any:  # noqa: ANN401 - as above
        """What a call that succeeds gave."""
        answer = self.call(method, path, body, **more)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    def _token(self, *, admin: bool) -> str:
        one = self.programs.tenant
        who = (one.client_id, one.client_secret)
        if admin:
            who = (one.admin_client_id, one.admin_client_secret)
        form = {"grant_type": "client_credentials"}
        url = f"{self.programs.base}/v1/oauth/token"
        granted = httpx.post(url, data=form, auth=who, timeout=PATIENCE)
        token = str(granted.json()["access_token"])
        self.secrets.append(token)
        return token

    def database(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """A statement past the service."""
        connection = sqlite3.connect(self.programs.data / SQLITE_FILE, timeout=15)
        try:
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    @property
    def log(self) -> str:
        """All that both programs said."""
        return (self.programs.data / "log").read_text(encoding="utf-8")


@pytest.fixture
def hospital() -> Iterator[ScriptedHospital]:
    with scripted_hospital() as opened:
        opened.token = SECRETS[0]
        words = f"{PERSON['family_name']} is not known here"
        opened.script.extend([Said(422, outcome(words)), Said(500, words.encode())] * 4)
        yield opened


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with exchange_programs(tmp_path, CLOUD_LOG_LEVEL="DEBUG") as programs:
        yield Run(programs)


def test_words_of_patients_and_secrets_stand_only_where_they_belong(
    run: Run, hospital: ScriptedHospital
) -> None:
    listen(run, hospital)
    tell(run)
    bring(run)
    run.programs.start_worker()
    wait_until(lambda: len(hospital.heard) >= 3, timeout=PATIENCE, what="the refusals")
    shown = list(run.seen)
    ask_wrongly(run)
    metrics = httpx.get(f"{run.programs.base}/metrics", timeout=PATIENCE).text
    tables = columns(run)
    break_down(run)
    run.programs.kill_workers()
    log = run.log
    assert "event=fault" in log
    assert "event=storage_fault" in log
    everything = [*IDENTITY, *TOLD, *SECRETS, *run.secrets]
    assert found(everything, log) == []
    assert found(everything, metrics) == []
    for one in run.errors:
        assert found([*IDENTITY, *TOLD], one) == [], one
    assert found([*IDENTITY, *TOLD], *shown) == [], "a client that may not see who it is"
    assert {name: where for name, where in tables.items() if name not in RECORD} == {}
    assert ("encounter_ops", "value") in tables
    assert not [one for name, hits in tables.items() for one in hits if one not in TOLD]


def listen(run: Run, hospital: ScriptedHospital) -> None:
    """Everybody who is to hear of it, and takes none of it."""
    scopes = ["argus:epcr:read", "argus:epcr:write", "webhooks:write"]
    run.database(
        "UPDATE applications SET approved_scopes = ? WHERE client_id = ?",
        json.dumps(scopes),
        run.programs.tenant.client_id,
    )
    access = {"kind": "bearer", "secret": SECRETS[0]}
    wants = ["pre_alert", "handover"]
    connection = {
        "facility_id": FACILITY,
        "name": "General",
        "kind": "fhir",
        "address": hospital.url,
        "wants": wants,
        "is_identified": True,
        "access": access,
    }
    run.done("POST", "/api/v1/epcr/hospital-connections", connection, admin=True)
    wanted = subscription(f"{run.programs.base}{FHIR}/SubscriptionTopic/handover")
    wanted["channel"] |= {
        "endpoint": f"{hospital.url}/nowhere",
        "header": [f"Authorization: Bearer {SECRETS[1]}"],
    }
    fhir = {"Content-Type": "application/fhir+json"}
    run.done("POST", f"{FHIR}/Subscription", wanted, headers=fhir)
    events = ["epcr.encounter.created", "epcr.encounter.handed_over"]
    hook = {"url": f"{hospital.url}/hook", "events": events, "secret": SECRETS[2]}
    run.done("POST", "/v1/webhooks", hook)


def tell(run: Run) -> None:
    """All that is told of a patient, by every way."""
    opened = {
        "care_model": "prehospital_emergency",
        "vehicle_id": "AMB-7",
        "crew_ids": ["crew-1"],
        "cad_incident_id": "INC-1",
    }
    key = {"Idempotency-Key": "k-1"}
    made = run.done("POST", "/api/v1/epcr/encounters", {**opened, "patient": PERSON}, headers=key)
    run.encounter = made["id"]
    run.done("POST", f"{run.path}/patient", {"phone": PERSON["phone"]}, headers=key)
    ops = [
        {
            "op_id": str(uuid4()),
            "path": path,
            "value": value,
            "at": NOW,
            "vector": {"tablet-a": number},
        }
        for number, (path, value) in enumerate(
            [("narrative", NARRATIVE), ("notes", {"text": NOTE})], start=1
        )
    ]
    run.done("PATCH", run.path, {"device_id": "tablet-a", "ops": ops}, headers=key)
    corrected = {"identity": {**PERSON, "given_name": "Marigoldine May"}, "reason": "spelling"}
    run.done("PUT", f"{run.path}/patient", corrected)
    octets = jpeg(scan=PHOTO.encode() * 20)
    digest = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    sent = {"Content-Type": "image/jpeg", "Content-Digest": f"sha-256=:{digest}:"}
    query = {"photo_id": str(UUID(int=7)), "device_id": "tablet-a", "at": NOW}
    run.done("POST", f"{run.path}/photos", content=octets, headers=sent, params=query)


def bring(run: Run) -> None:
    """To the hospital, announced and handed over; and looked at by who may not see who it is."""
    key = {"Idempotency-Key": "k-2"}
    alert = {"facility_id": FACILITY, "eta": "2099-11-23T10:20:00Z", "summary": SUMMARY}
    run.done("POST", f"{run.path}/pre-alert", alert, headers=key)
    handed = {"facility_id": FACILITY, "received_by": "Nurse 4"}
    run.done("POST", f"{run.path}/handover", handed, headers=key)
    for end in ("", "/fhir-bundle", "/fhir-document", "/timeline", "/versions", "/versions/1"):
        run.call("GET", f"{run.path}{end}")
    run.call("GET", "/api/v1/epcr/encounters")


def ask_wrongly(run: Run) -> None:
    """Requests that are refused, with words of a patient in every place a request has."""
    name, number = str(PERSON["family_name"]), str(PERSON["nhs_number"])
    wrong = {
        "care_model": name,
        "vehicle_id": ["17 Quillmoor Lane"],
        "patient": {"birth_date": name, "nhs_number": "9434765918", "phone": {"of": number}},
    }
    for path in ("/api/v1/epcr/encounters", f"{run.path}/patient", f"{run.path}/handover"):
        assert run.call("POST", path, wrong).is_error
        assert run.call("POST", path, content=f'{{"{name}": '.encode(), headers=JSON).is_error
    op = {"op_id": name, "path": "narrative", "value": NARRATIVE, "at": name, "vector": {"t": -1}}
    assert run.call("PATCH", run.path, {"device_id": "t", "ops": [op]}).is_error
    for path in (
        f"/api/v1/epcr/encounters/{name}",
        f"/api/v1/epcr/{number}",
        f"/api/v1/epcr/encounters?status={name}",
        f"{FHIR}/Patient/{number}",
        f"{FHIR}/Observation?date={name}",
    ):
        assert run.call("GET", path).is_error
    for query in (f"_id={number}", f"identifier={number}"):
        assert run.call("GET", f"{FHIR}/Patient?{query}").status_code == 200
    assert run.call("GET", f"{FHIR}/Observation?patient={number}").status_code == 200
    auth = (run.programs.tenant.client_id, SECRETS[0])
    url = f"{run.programs.base}/v1/oauth/token"
    form = {"grant_type": "client_credentials", "scope": name}
    assert httpx.post(url, data=form, auth=auth, timeout=PATIENCE).is_error


def break_down(run: Run) -> None:
    """A database that is not as it was left."""
    run.database(
        "UPDATE encounters SET started_at = ?", f"{PERSON['family_name']} {PERSON['nhs_number']}"
    )
    assert run.call("GET", run.path).status_code == 500
    run.database("DROP TABLE idempotency_keys")
    told = run.call("POST", f"{run.path}/patient", PERSON, headers={"Idempotency-Key": "k-3"})
    assert told.status_code == 503


def columns(run: Run) -> dict[tuple[str, str], list[str]]:
    """Which marks stand in which columns, after all that was told."""
    marks = [*IDENTITY, *TOLD, *SECRETS, *run.secrets]
    hits: dict[tuple[str, str], list[str]] = {}
    tables = run.database("SELECT name FROM sqlite_master WHERE type = 'table'")
    for (table,) in tables:
        described = run.database(f"PRAGMA table_info({table})")
        for row in run.database(f"SELECT * FROM {table}"):  # noqa: S608 - names of our own schema
            for (_, column, *_), value in zip(described, row, strict=True):
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                for mark in found(marks, text):
                    hits.setdefault((str(table), str(column)), []).append(mark)
    return hits


def found(marks: list[str], *texts: str) -> list[str]:
    """The marks that are in any of these texts."""
    return [one for one in marks if any(one in text for text in texts)]
