"""The telephony registry over GraphQL: one default, one place a number, no secret comes out."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from cloud.core.curation.bundles import bundle
from cloud.core.kernel.vault import VaultError
from cloud.core.kernel.work import StorageConflictError
from cloud.core.telephony.carriers import CREDENTIALS, Carrier
from cloud.core.telephony.providers import WantedProvider, providers, upsert_provider
from cloud.core.telephony.sealing import Envelope, open_credentials
from cloud.core.telephony.tables import TelephonyProviderRow
from tests.fixtures.administration import administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.graphql_apps import App, developer, registered

SCOPES = ("argus:telephony:read", "argus:telephony:write")
TWILIO = {"name": "Main line", "carrier": "TWILIO"}
CREDENTIAL = [
    {"name": "account_sid", "value": "AC-hush-hush"},
    {"name": "auth_token", "value": "very-hush-hush"},
]
DOCUMENTS = {
    one.id: one.text
    for name in ("telephony", "telephony-changes")
    for one in bundle(name).documents
}


@pytest.fixture
async def http(embedded: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded.client() as client:
        yield client


@pytest.fixture
async def app(embedded: Installation, http: httpx.AsyncClient) -> App:
    return await registered(embedded, http, "telephony", "telephony-changes", scopes=SCOPES)


async def run(app: App, name: str, **variables: Any) -> Any:  # noqa: ANN401 - JSON has any shape
    """What an operation gives; it has one field."""
    document = await app.ask(DOCUMENTS[name], {"tenantId": app.tenant.tenant_id, **variables})
    assert "errors" not in document, document
    (found,) = document["data"].values()
    return found


async def refused(app: App, name: str, **variables: object) -> str:
    """The reason why an operation does nothing."""
    document = await app.ask(DOCUMENTS[name], {"tenantId": app.tenant.tenant_id, **variables})
    (error,) = document["errors"]
    assert set((document["data"] or {None: None}).values()) == {None}
    return str(error["extensions"].get("reason", error["message"]))


async def provided(app: App, name: str, **wanted: object) -> dict[str, Any]:
    made: dict[str, Any] = await run(
        app, "UpsertTelephonyProvider", input={"name": name, "carrier": "SIP", **wanted}
    )
    return made


async def defaults(app: App) -> list[str]:
    return [one["name"] for one in await run(app, "telephonyProviders") if one["isDefault"]]


async def test_there_is_one_default_whatever_is_changed(app: App) -> None:
    assert await run(app, "telephonyProviders") == []
    first = await provided(app, "First")
    assert first == {
        "id": first["id"],
        "tenantId": app.tenant.tenant_id,
        "name": "First",
        "carrier": "SIP",
        "isDefault": True,
        "isActive": True,
    }
    second = await provided(app, "Second", isDefault=False)
    assert await defaults(app) == ["First"]
    third = await provided(app, "Third", isDefault=True)
    assert await defaults(app) == ["Third"]
    for wanted in ({"isDefault": False}, {"isActive": False}):
        told = await refused(app, "UpsertTelephonyProvider", input={"id": third["id"], **wanted})
        assert told == "default_needed"
    resting = {"id": second["id"], "isActive": False}
    assert (await run(app, "UpsertTelephonyProvider", input=resting))["isActive"] is False
    chosen = {"id": second["id"], "isDefault": True}
    assert await refused(app, "UpsertTelephonyProvider", input=chosen) == "default_needed"
    assert await refused(app, "DeleteTelephonyProvider", id=third["id"]) == "default_needed"
    again = {"id": first["id"], "isDefault": True, "name": "First again"}
    await run(app, "UpsertTelephonyProvider", input=again)
    assert await run(app, "DeleteTelephonyProvider", id=third["id"]) == third["id"]
    assert await run(app, "DeleteTelephonyProvider", id=second["id"]) == second["id"]
    assert await defaults(app) == ["First again"]
    assert await run(app, "DeleteTelephonyProvider", id=first["id"]) == first["id"]
    assert await run(app, "telephonyProviders") == []


async def test_a_provider_that_makes_no_sense_is_refused(app: App) -> None:
    await provided(app, "First")
    for wanted, reason in (
        ({"name": "New"}, "incomplete_provider"),
        ({"carrier": "SIP"}, "incomplete_provider"),
        ({"name": "First", "carrier": "SIP"}, "provider_exists"),
        ({"name": "\n", "carrier": "SIP"}, "invalid_name"),
        ({"id": "tel_none", "name": "New"}, "provider_not_found"),
    ):
        assert await refused(app, "UpsertTelephonyProvider", input=wanted) == reason
    carrier = {"name": "New", "carrier": "SMOKE"}
    told = await refused(app, "UpsertTelephonyProvider", input=carrier)
    assert told == "Send $input as the operation declares it."


@pytest.mark.parametrize("cloud", ["sqlite", "postgresql"], indirect=True)
async def test_both_databases_hold_the_rules_by_themselves(cloud: Installation) -> None:
    async with cloud.client() as http:
        app = await registered(cloud, http, "telephony", "telephony-changes", scopes=SCOPES)
        first, second = await provided(app, "First"), await provided(app, "Second")
        route = {"providerId": first["id"], "did": "+35315550100", "subsystem": "PSAP"}
        await run(app, "UpsertTelephonyRoute", input=route)
        assert await refused(app, "UpsertTelephonyRoute", input=route) == "route_exists"
        assert await refused(app, "DeleteTelephonyProvider", id=first["id"]) == "provider_in_use"
    rows = TelephonyProviderRow
    other = cloud.other.tenant_id
    for statement in (
        update(rows).where(rows.provider_id == second["id"]).values(is_default=True),
        update(rows).where(rows.provider_id == first["id"]).values(is_active=False),
        text(
            "INSERT INTO telephony_routes SELECT 'rt_2', provider_id, did, subaccount, subsystem,"
            " priority, is_active, created_at, updated_at, tenant_id FROM telephony_routes"
        ),
        text("UPDATE telephony_routes SET subaccount = 'both'"),
        text("UPDATE telephony_routes SET did = NULL"),
        text(f"UPDATE telephony_routes SET tenant_id = '{other}'"),  # noqa: S608 - an id of ours
    ):
        with (
            pytest.raises(StorageConflictError),
            cloud.database.begin(now=cloud.clock()) as work,
        ):
            work.session.execute(statement)


@pytest.mark.parametrize("cloud", ["postgresql"], indirect=True)
def test_who_makes_a_default_at_once_with_others_leaves_one(cloud: Installation) -> None:
    caller, vault = cloud.mine.caller, cloud.parts.vault

    def make(name: str) -> None:
        wanted = WantedProvider(name=name, carrier=Carrier.SIP, is_default=True)
        with cloud.database.begin(now=cloud.clock()) as work:
            upsert_provider(work, vault, caller, None, wanted)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, [f"Line {n}" for n in range(18)]))
    with cloud.database.begin(now=cloud.clock()) as work:
        rows = providers(work, caller, limit=100)
        assert len(rows) == 18
        assert [row.is_default for row in rows].count(True) == 1


async def test_numbers_lead_to_one_place_by_priority(app: App) -> None:
    carrier = await provided(app, "First")
    other = await provided(app, "Second")
    wanted = {"providerId": carrier["id"], "subsystem": "PSAP", "priority": 5}
    made = await run(app, "UpsertTelephonyRoute", input={**wanted, "did": "+35315550100"})
    assert made == {
        "id": made["id"],
        "tenantId": app.tenant.tenant_id,
        "providerId": carrier["id"],
        "did": "+35315550100",
        "subaccount": None,
        "subsystem": "PSAP",
        "priority": 5,
        "isActive": True,
    }
    sub = {"providerId": other["id"], "subsystem": "UTILITIES", "subaccount": "water-1"}
    second = await run(app, "UpsertTelephonyRoute", input=sub)
    listed = [one["id"] for one in await run(app, "telephonyRoutes")]
    assert listed == [second["id"], made["id"]]
    (of_one,) = await run(app, "telephonyRoutes", providerId=carrier["id"])
    assert of_one["id"] == made["id"]
    page = await run(app, "TelephonyRoutePage", first=1)
    following = await run(app, "TelephonyRoutePage", first=1, after=page[0]["id"])
    assert [page[0]["id"], following[0]["id"]] == listed
    moved = {"id": second["id"], "did": "+353871234567", "isActive": False, "priority": 9}
    changed = await run(app, "UpsertTelephonyRoute", input=moved)
    assert (changed["did"], changed["subaccount"]) == ("+353871234567", None)
    assert (changed["isActive"], changed["priority"]) == (False, 9)
    kept = await run(app, "UpsertTelephonyRoute", input={"id": second["id"], "subsystem": "FIRE"})
    assert (kept["did"], kept["subsystem"], kept["priority"]) == ("+353871234567", "FIRE", 9)
    assert await run(app, "DeleteTelephonyRoute", id=second["id"]) == second["id"]
    assert await refused(app, "DeleteTelephonyRoute", id=second["id"]) == "route_not_found"


ODD_ROUTES: tuple[tuple[dict[str, object], str], ...] = (
    ({"did": "35315550100"}, "invalid_route"),
    ({"did": "+0123456789"}, "invalid_route"),
    ({"did": "+353 1 555 0100"}, "invalid_route"),
    ({"did": "+1234567890123456"}, "invalid_route"),
    ({"did": "+٣٥٣١٥٥٥٠١٠٠"}, "invalid_route"),
    ({"did": "+35315550100", "subaccount": "a"}, "invalid_route"),
    ({}, "invalid_route"),
    ({"subaccount": " "}, "invalid_route"),
    ({"subaccount": "a" * 81}, "invalid_route"),
    ({"did": "+35315550100", "priority": -1}, "invalid_route"),
    ({"did": "+35315550100", "priority": 1001}, "invalid_route"),
    ({"did": "+35315550100", "subsystem": None}, "invalid_route"),
    ({"did": "+35315550100", "providerId": "tel_none"}, "provider_not_found"),
    ({"id": "rt_none", "did": "+35315550100"}, "route_not_found"),
)


async def test_a_route_that_makes_no_sense_is_refused(app: App) -> None:
    carrier = await provided(app, "First")
    for wanted, reason in ODD_ROUTES:
        given = {"providerId": carrier["id"], "subsystem": "PSAP", **wanted}
        assert await refused(app, "UpsertTelephonyRoute", input=given) == reason, wanted


async def test_the_same_number_may_lead_elsewhere_in_another_organisation(
    embedded: Installation, http: httpx.AsyncClient, app: App
) -> None:
    """And nothing of one can be seen, changed or leant on from the other."""
    stranger = await registered(
        embedded, http, "telephony", "telephony-changes", scopes=SCOPES, of=embedded.other
    )
    mine, theirs = await provided(app, "Line"), await provided(stranger, "Line")
    route = {"did": "+35315550100", "subsystem": "PSAP"}
    made = await run(app, "UpsertTelephonyRoute", input={**route, "providerId": mine["id"]})
    await run(stranger, "UpsertTelephonyRoute", input={**route, "providerId": theirs["id"]})
    for name, variables, reason in (
        ("UpsertTelephonyProvider", {"input": {"id": mine["id"], "name": "X"}}, "provider"),
        ("DeleteTelephonyProvider", {"id": mine["id"]}, "provider"),
        ("UpsertTelephonyRoute", {"input": {"id": made["id"], "priority": 1}}, "route"),
        ("UpsertTelephonyRoute", {"input": {**route, "providerId": mine["id"]}}, "provider"),
        ("DeleteTelephonyRoute", {"id": made["id"]}, "route"),
        ("telephonyRoutes", {"providerId": mine["id"]}, "provider"),
        ("TelephonyRoutePage", {"after": made["id"]}, "route"),
    ):
        assert await refused(stranger, name, **variables) == f"{reason}_not_found"
    assert len(await run(stranger, "telephonyRoutes")) == 1
    variables = {"tenantId": embedded.mine.tenant_id}
    crossed = await stranger.ask(DOCUMENTS["telephonyProviders"], variables)
    assert crossed["data"] == {"telephonyProviders": None}
    assert crossed["errors"][0]["extensions"]["reason"] == "tenant_mismatch"


async def test_carriers_come_by_pages(embedded: Installation, app: App) -> None:
    made = []
    for name in ("First", "Second", "Third"):
        made.append((await provided(app, name))["id"])
        embedded.clock.pass_(1)
    async with developer(embedded, scopes=SCOPES) as sandbox:
        tenant = sandbox.tenant.tenant_id
        asked = f'telephonyProviders(tenantId: "{tenant}", first: 2'
        document = await sandbox.ask(
            f'{{ start: {asked}) {{ id }} rest: {asked}, after: "{made[1]}") {{ id }} }}'
        )
    assert document["data"] == {
        "start": [{"id": made[0]}, {"id": made[1]}],
        "rest": [{"id": made[2]}],
    }


async def test_an_operation_that_names_a_tenant_needs_the_header(app: App) -> None:
    variables = {"tenantId": app.tenant.tenant_id}
    body = {"query": DOCUMENTS["telephonyProviders"], "variables": variables}
    answer = await app.post(body, tenant="")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["reason"] == "tenant_required"
    assert (await app.post(body)).json()["data"] == {"telephonyProviders": []}


async def test_what_can_be_had_is_had_though_another_field_fails(app: App) -> None:
    await provided(app, "First")
    document = await app.ask(
        DOCUMENTS["TelephonyOverview"],
        {"tenantId": app.tenant.tenant_id, "providerId": "tel_none"},
    )
    assert [one["name"] for one in document["data"]["telephonyProviders"]] == ["First"]
    assert document["data"]["telephonyRoutes"] is None
    (error,) = document["errors"]
    assert error["path"] == ["telephonyRoutes"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["extensions"]["traceId"]


async def test_reading_rights_change_nothing(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    reader = await registered(
        embedded, http, "telephony", "telephony-changes", scopes=("argus:telephony:read",)
    )
    assert await run(reader, "telephonyProviders") == []
    assert await refused(reader, "UpsertTelephonyProvider", input=TWILIO) == "insufficient_scope"
    async with developer(embedded, scopes=("argus:telephony:read",)) as sandbox:
        # Whoever wrote the document: each field asks for its own scope.
        tenant = sandbox.tenant.tenant_id
        changing = f'mutation {{ deleteTelephonyRoute(tenantId: "{tenant}", id: "rt_1") }}'
        document = await sandbox.ask(changing)
        assert document["errors"][0]["extensions"]["required"] == ["argus:telephony:write"]
        for asked in ('providerId: "tel\\u0000"', 'after: "rt\\u0000"'):
            odd = f'{{ telephonyRoutes(tenantId: "{tenant}", {asked}) {{ id }} }}'
            document = await sandbox.ask(odd)
            assert document["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_credentials_go_in_and_are_nowhere_seen_again(
    embedded: Installation, http: httpx.AsyncClient, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = []
    made = await provided(app, "Main line", carrier="TWILIO", credentials=CREDENTIAL)
    seen.append(str(made))
    for wrong in (
        CREDENTIAL[:1],
        [*CREDENTIAL, {"name": "more", "value": "hush"}],
        [CREDENTIAL[0], CREDENTIAL[0]],
        [CREDENTIAL[0], {"name": "auth_token", "value": "hush\n"}],
        [{"name": "hush", "value": "hush"}] * 50,
        {"hush": "hush"},
        "hush",
        5,
    ):
        body = {"query": DOCUMENTS["UpsertTelephonyProvider"]}
        variables = {"tenantId": app.tenant.tenant_id}
        given = {"id": made["id"], "credentials": wrong}
        answer = await app.post({**body, "variables": {**variables, "input": given}})
        assert answer.json()["errors"]
        seen.append(answer.text)
    seen.append(str(await run(app, "telephonyProviders")))
    admin = await administrator(embedded, http)
    assert "telephony.provider_made" in admin.audited()
    with embedded.database.reading(now=embedded.clock()) as work:
        (row,) = work.session.query(TelephonyProviderRow)
        assert row.sealed_key is not None
        assert row.sealed_credentials is not None
        envelope = Envelope(row.sealed_key, row.sealed_credentials)
        for table in ("audit_entries", "outbox", "idempotency_keys", "telephony_providers"):
            rows = work.session.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608 - ours
            seen.append(str(rows))
    vault = embedded.parts.vault
    opened = open_credentials(vault, made["id"], envelope)
    assert opened == {one["name"]: one["value"] for one in CREDENTIAL}
    assert "hush" not in "".join(seen) + caplog.text + repr(envelope)
    for damaged in (
        Envelope(envelope.sealed_key, envelope.sealed[:-1] + b"\0"),
        Envelope(b"", envelope.sealed),
    ):
        with pytest.raises(VaultError):
            open_credentials(vault, made["id"], damaged)
    with pytest.raises(VaultError):
        open_credentials(vault, "tel_other", envelope)
    await run(app, "UpsertTelephonyProvider", input={"id": made["id"], "carrier": "TELNYX"})
    with embedded.database.reading(now=embedded.clock()) as work:
        (row,) = work.session.query(TelephonyProviderRow)
        assert (row.sealed_key, row.sealed_credentials) == (None, None)


def test_every_carrier_says_what_it_wants() -> None:
    assert set(CREDENTIALS) == set(Carrier)
    assert all(CREDENTIALS.values())
