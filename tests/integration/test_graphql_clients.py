"""A GraphQL client of others against the served cloud: what it prints anew is what was approved."""

from __future__ import annotations

from pathlib import Path

import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport

from cloud.core.authorization.applications import register
from cloud.core.curation.bundles import bundle
from cloud.core.curation.grants import grant_bundle
from cloud.core.kernel.work import utc_now
from tests.fixtures.graphql_apps import ACQI, APRIL
from tests.fixtures.served_cloud import ServedCloud, served_cloud

SCOPES = ("argus:acqi:read", "argus:telephony:read", "argus:telephony:write")
DOCUMENTS = {
    one.id: one.text
    for name in ("telephony", "telephony-changes")
    for one in bundle(name).documents
}


def client(cloud: ServedCloud, **headers: str) -> Client:
    """gql as its users have it, with a token of an application that was granted all."""
    with cloud.parts.database.begin(now=utc_now()) as work:
        tenant_id = cloud.caller.tenant_id
        made = register(work, tenant_id=tenant_id, name="Dispatch", scopes=SCOPES)
        for name in ("acqi", "telephony", "telephony-changes"):
            grant_bundle(work, cloud.caller, made.client_id, name)
    cloud.client_id, cloud.client_secret = made.client_id, made.client_secret
    given = {"Authorization": f"Bearer {cloud.token(' '.join(SCOPES))}", **headers}
    transport = HTTPXAsyncTransport(url=f"{cloud.base_url}/graphql", headers=given)
    return Client(transport=transport, fetch_schema_from_transport=False)


def asked(name: str, **variables: object) -> GraphQLRequest:
    return GraphQLRequest(DOCUMENTS[name], variable_values=variables)


async def test_gql_asks_changes_and_is_refused(tmp_path: Path) -> None:
    with served_cloud(tmp_path) as cloud:
        tenant = cloud.caller.tenant_id
        async with client(cloud, **{"X-Tenant-ID": tenant}) as session:
            figures = await session.execute(GraphQLRequest(ACQI, variable_values=APRIL))
            assert figures["acqiMetrics"][0]["name"] == "rosc_survival"
            provider = {"name": "Main", "carrier": "TELNYX"}
            given = {**provider, "credentials": [{"name": "api_key", "value": "hush"}]}
            wanted = asked("UpsertTelephonyProvider", tenantId=tenant, input=given)
            made = (await session.execute(wanted))["upsertTelephonyProvider"]
            assert made["isDefault"] is True
            overview = asked("TelephonyOverview", tenantId=tenant, providerId="tel_none")
            with pytest.raises(TransportQueryError) as partial:
                await session.execute(overview)
            assert partial.value.data is not None
            assert partial.value.data["telephonyProviders"][0]["name"] == "Main"
            with pytest.raises(TransportQueryError, match="OPERATION_NOT_APPROVED"):
                await session.execute(gql("{ telephonyProviders { credentials } }"))
        async with client(cloud, **{"X-Tenant-ID": "ten_other"}) as session:
            with pytest.raises(TransportQueryError, match="tenant_mismatch"):
                await session.execute(GraphQLRequest(ACQI, variable_values=APRIL))
