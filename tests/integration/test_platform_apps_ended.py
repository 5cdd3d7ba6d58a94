"""What ends with a platform application: grants, consents, service tokens and certificates."""

from __future__ import annotations

from sqlalchemy import select

from cloud.core.authorization.applications import application
from cloud.core.authorization.client_certificates import add_certificate
from cloud.core.authorization.credential_tables import ClientCertificateRow, ClientSecretRow
from cloud.core.authorization.grant_tables import ConsentRow, GrantRow, ServiceTokenRow
from cloud.core.kernel.principal import service_principal
from tests.fixtures.administration import APPS, administrator, platform_token
from tests.fixtures.client_certificates import client_certificate
from tests.fixtures.cloud import Installation

NEW = {
    "name": "Dispatch map",
    "grant_types": ["client_credentials"],
    "requested_scopes": ["argus:epcr:read"],
}


def connected(cloud: Installation, client_id: str) -> None:
    """A person of mine allowed the application something, and it has a certificate."""
    mine = cloud.mine
    operator = service_principal(mine.tenant_id, "operator")
    with cloud.database.begin(now=cloud.clock()) as work:
        whose = {
            "tenant_id": mine.tenant_id,
            "client_id": client_id,
            "user_id": mine.admin_user_id,
            "scopes": ["argus:epcr:read"],
            "created_at": work.now,
        }
        work.session.add(ConsentRow(consent_id="con_1", changed_at=work.now, **whose))
        work.session.add(
            GrantRow(grant_id="gra_1", profile="platform", authenticated_at=work.now, **whose)
        )
        row = application(work, operator, client_id)
        add_certificate(work, row, pem=client_certificate().pem)


async def test_everything_issued_ends_with_the_application(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        made = await admin.made(APPS, NEW)
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes")
        await admin.ask("PATCH", f"{path}/governance", {"allow_service_tokens": True})
        await admin.made(f"{path}/service-token", {"scopes": ["argus:epcr:read"]})
        connected(cloud, made["client_id"])
        assert (await admin.ask("DELETE", path)).status_code == 204
    with cloud.database.reading(now=cloud.clock()) as work:
        grant = work.session.scalars(select(GrantRow)).one()
        assert (grant.revoked_for, grant.revoked_at) == ("application_deleted", cloud.clock())
        assert work.session.scalars(select(ConsentRow)).all() == []
        token = work.session.scalars(select(ServiceTokenRow)).one()
        assert token.revoked_at == cloud.clock()
        certificate = work.session.scalars(select(ClientCertificateRow)).one()
        assert certificate.status == "revoked"
        secrets = select(ClientSecretRow).where(ClientSecretRow.client_id == made["client_id"])
        assert work.session.scalars(secrets).all() == []


async def test_a_scope_that_is_taken_away_is_gone_from_tokens_there_are(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        both = ["argus:epcr:read", "argus:devices:*"]
        made = await admin.made(APPS, {**NEW, "requested_scopes": both})
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes")

        async def given(scope: str) -> dict[str, str]:
            answer = await platform_token(
                client, made["client_id"], made["client_secret"], scope=scope
            )
            return {"Authorization": f"Bearer {answer.json()['access_token']}"}

        async def reads(headers: dict[str, str]) -> list[int]:
            asked = ("/api/v1/epcr/encounters", "/api/v1/devices")
            return [(await client.get(one, headers=headers)).status_code for one in asked]

        whole, narrow = await given(" ".join(both)), await given("argus:epcr:read")
        assert (await reads(whole), await reads(narrow)) == ([200, 200], [200, 403])
        # Less than the wildcard in the token is less than the token says.
        fewer = {"scopes": ["argus:epcr:read", "argus:devices:write"]}
        assert (await admin.ask("POST", f"{path}/approve-scopes", fewer)).status_code == 200
        assert (await reads(whole), await reads(narrow)) == ([401, 401], [200, 403])
        assert (await reads(await given("argus:epcr:read"))) == [200, 403]
        await admin.ask("PATCH", path, {"requested_scopes": ["argus:devices:write"]})
        assert await reads(narrow) == [401, 401]
