"""Attacks on bound tokens, exchange, introspection; each has its number of the threat list."""

from __future__ import annotations

from datetime import timedelta

import httpx

from cloud.app.composition import equip
from cloud.app.parts import Parts
from cloud.core.authorization.profiles import PRIVATE_KEY_JWT
from cloud.core.authorization.token_exchange import ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.oauth import Client, People, is_good, redeem
from tests.fixtures.signed import dpop_proof, key_set, new_key, signed
from tests.integration.oauth.test_exchange import EXCHANGE, Ground

GRANT = {"grant_type": "client_credentials"}
DEVICES = "/api/v1/devices"
ENROL = f"{DEVICES}/enrol"
URL = ISSUER + DEVICES
NOW = int(START.timestamp())


async def test_proofs_of_another_call_or_key(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 21: 401 invalid_dpop_proof, or invalid_token where the scheme is wrong."""
    client = people.client(embedded.mine.tenant_id)
    key, thief = new_key(), new_key()
    at_token = ISSUER + client.token_path
    proof = dpop_proof(key, "POST", at_token, START)
    form = {**GRANT, **client.form}
    issued = await http.post(client.token_path, data=form, headers={"DPoP": proof})
    token = issued.json()["access_token"]
    again = await http.post(client.token_path, data=form, headers={"DPoP": proof})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")

    def made(**changes: object) -> str:
        return dpop_proof(key, "GET", URL, START, token=token, **changes)

    used = made()
    good = await http.get(DEVICES, headers={"Authorization": f"DPoP {token}", "DPoP": used})
    assert good.status_code == 200
    proofs = {
        "used before": used,
        "none": None,
        "other key": dpop_proof(thief, "GET", URL, START, token=token),
        "other method": made(htm="POST"),
        "other address": made(htu=URL + "/x"),
        "other host": made(htu="https://evil.test" + DEVICES),
        "ten minutes old": made(iat=NOW - 600),
        "ten minutes ahead": made(iat=NOW + 600),
        "no ath": made(ath=None),
        "ath of another": made(ath="x" * 43),
        "no proof at all": "abc",
    }
    for why, one in proofs.items():
        headers = {"Authorization": f"DPoP {token}"} | ({} if one is None else {"DPoP": one})
        answer = await http.get(DEVICES, headers=headers)
        assert (why, answer.status_code) == (why, 401)
        assert answer.json()["error"] == "invalid_dpop_proof"
    pair = [("Authorization", f"DPoP {token}"), ("DPoP", made()), ("DPoP", made())]
    assert (await http.get(DEVICES, headers=pair)).status_code == 401
    bearer = await http.get(DEVICES, headers={"Authorization": f"Bearer {token}", "DPoP": made()})
    assert (bearer.status_code, bearer.json()["error"]) == (401, "invalid_token")
    free = (await http.post(client.token_path, data=form)).json()["access_token"]
    proof = dpop_proof(key, "GET", URL, START, token=free)
    bound = await http.get(DEVICES, headers={"Authorization": f"DPoP {free}", "DPoP": proof})
    assert (bound.status_code, bound.json()["error"]) == (401, "invalid_token")


def begin_anew(cloud: Installation) -> None:
    """Another process over the same store."""
    parts = cloud.parts
    fresh = Parts(
        settings=parts.settings, database=parts.database, vault=parts.vault, clock=parts.clock
    )
    equip(cloud.app, fresh, issuer=ISSUER)


async def test_proofs_that_another_process_saw(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 21: a restart makes no used proof good, and another process none of a change."""
    client = people.client(embedded.mine.tenant_id, scopes=("argus:devices:write",))
    key = new_key()
    head = {"DPoP": dpop_proof(key, "POST", ISSUER + client.token_path, START)}
    issued = await http.post(client.token_path, data={**GRANT, **client.form}, headers=head)
    token = issued.json()["access_token"]

    async def called(method: str, proof: str) -> int:
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        if method == "GET":
            return (await http.get(DEVICES, headers=headers)).status_code
        return (await http.post(ENROL, headers=headers, json={})).status_code

    read = dpop_proof(key, "GET", URL, START, token=token)
    # By a clock ahead of ours: it will not look older than the next process.
    write = dpop_proof(key, "POST", ISSUER + ENROL, START + timedelta(seconds=30), token=token)
    assert (await called("GET", read), await called("POST", write)) == (200, 422)
    begin_anew(embedded)
    assert await called("POST", write) == 401
    embedded.clock.pass_(3)
    begin_anew(embedded)
    assert (await called("GET", read), await called("POST", write)) == (401, 401)
    fresh = dpop_proof(key, "GET", URL, embedded.clock(), token=token)
    assert await called("GET", fresh) == 200


async def test_token_exchange_beyond_its_bounds(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 22: an actor token, an expired subject, another tenant's, a chain: 400; scopes are
    the intersection, and `act` is recorded.
    """
    ground = Ground(embedded, http, people)
    granted = (await ground.exchange(ground.id_token())).json()
    assert granted["scope"] == "cases:* patients:read"
    chain = await ground.exchange(granted["access_token"])
    stranger = people.client(embedded.other.tenant_id, profile="clinical", scopes=("cases:*",))
    answers = {
        "actor": await ground.exchange(ground.id_token(), actor_token=ground.id_token()),
        "expired": await ground.exchange(ground.id_token(exp=NOW - 60)),
        "other tenant": await ground.exchange(ground.id_token(), client=stranger),
        "our own token": chain,
        "chained": await ground.exchange(ground.id_token(act={"sub": "a", "act": {"sub": "b"}})),
        "beyond the role": await ground.exchange(ground.id_token(), scope="audit:read"),
        "beyond the client": await ground.exchange(ground.id_token(), scope="images:read"),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == (
        dict.fromkeys(answers, 400)
    )
    form = {
        "grant_type": EXCHANGE,
        "subject_token": granted["access_token"],
        "subject_token_type": ACCESS_TOKEN_TYPE,
        **ground.client.form,
    }
    typed = await http.post("/v1/auth/oauth/token", data=form)
    assert typed.status_code == 400
    unsigned = signed({"alg": "ES256", "kid": "idp-1"}, {"iss": "x"}, new_key())
    form = {**form, "subject_token": unsigned, "subject_token_type": ID_TOKEN_TYPE}
    assert (await http.post("/v1/auth/oauth/token", data=form)).status_code == 400


async def ask(http: httpx.AsyncClient, client: Client, what: str, token: str) -> httpx.Response:
    path = client.token_path.replace("/token", f"/{what}")
    return await http.post(path, data={"token": token, **client.form})


async def test_tokens_of_other_clients_at_introspection_and_revocation(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 23: 200 `active: false`, and 200 without any effect."""
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    body = await redeem(http, client, people.code(client, user))
    tokens = (body["access_token"], body["refresh_token"])
    for stranger in (people.client(tenant), people.client(embedded.other.tenant_id)):
        absent = await ask(http, stranger, "introspect", "vwr_unknown")
        for token in tokens:
            answer = await ask(http, stranger, "introspect", token)
            assert (answer.status_code, answer.json()) == (200, {"active": False})
            assert answer.content == absent.content
            ended = await ask(http, stranger, "revoke", token)
            assert (ended.status_code, ended.content) == (200, b"")
    for token in tokens:
        assert (await ask(http, client, "introspect", token)).json()["active"] is True
    assert await is_good(http, body["access_token"])


async def test_a_client_ends_and_asks_about_its_own_tokens(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """The other side of attack 23."""
    tenant = embedded.mine.tenant_id
    client, user = people.client(tenant), people.person(tenant)
    alone = await redeem(http, client, people.code(client, user))
    facts = (await ask(http, client, "introspect", alone["access_token"])).json()
    assert (facts["sub"], facts["client_id"], facts["token_type"]) == (
        user,
        client.client_id,
        "Bearer",
    )
    assert (await ask(http, client, "revoke", alone["access_token"])).status_code == 200
    assert not await is_good(http, alone["access_token"])
    assert (await ask(http, client, "introspect", alone["access_token"])).json() == {
        "active": False
    }
    form = {"grant_type": "refresh_token", "refresh_token": alone["refresh_token"], **client.form}
    fresh = (await http.post(client.token_path, data=form)).json()
    assert fresh["access_token"], "the family goes on"
    assert (await ask(http, client, "revoke", fresh["refresh_token"])).status_code == 200
    assert not await is_good(http, fresh["access_token"])
    gone = (await ask(http, client, "introspect", fresh["refresh_token"])).json()
    assert gone == {"active": False}
    assert (await ask(http, client, "revoke", "nonsense")).status_code == 200
    for what in ("introspect", "revoke"):
        empty = await ask(http, client, what, "")
        assert (empty.status_code, empty.json()["error"]) == (400, "invalid_request")


async def test_introspection_by_nobody(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 24: 401, also for a name without a proof."""
    tenant = embedded.mine.tenant_id
    public = people.public_client(tenant)
    by_key = people.client(tenant, methods=(PRIVATE_KEY_JWT,), jwks=key_set(new_key("k")))
    secret = people.client(tenant)
    body = await redeem(http, public, people.code(public, people.person(tenant)))
    for form in (
        {},
        {"client_id": public.client_id},
        {"client_id": by_key.client_id},
        {"client_id": secret.client_id},
        {"client_id": secret.client_id, "client_secret": "wrong"},
        {"client_id": "app_unknown"},
    ):
        answer = await http.post(
            "/v1/oauth/introspect", data={"token": body["access_token"], **form}
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
