"""Forged and misused access tokens; the number of each is that of the threat list."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx
from joserfc.jwk import RSAKey

from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.oauth import People, redeem
from tests.fixtures.signed import Key, encoded, new_key, public, signed

NOW = int(START.timestamp())
REFUSED = {
    "error": "invalid_token",
    "issue_type": "login",
    "message": "Get a new access token and send it again.",
    "request_id": "constant",
}
HEAD = {"alg": "RS256", "typ": "at+jwt"}
Forge = Callable[[dict[str, Any], dict[str, Any], Key], str]


def claims_for(embedded: Installation) -> dict[str, Any]:
    mine = embedded.mine
    return {
        "iss": ISSUER,
        "sub": mine.client_id,
        "aud": "vitalwire-argus",
        "exp": NOW + 3600,
        "iat": NOW,
        "nbf": NOW,
        "jti": "1",
        "client_id": mine.client_id,
        "tenant_id": mine.tenant_id,
        "scopes": ["argus:devices:read"],
        "token_use": "access",
        "epoch": 1,
    }


def unsigned(algorithm: str) -> Forge:
    def forge(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
        del key
        head = json.dumps({**header, "alg": algorithm}).encode()
        return f"{encoded(head)}.{encoded(json.dumps(claims).encode())}."

    return forge


def hmac_with(secret: Callable[[Key], bytes]) -> Forge:
    """Signed by HS256 with what everybody knows of the key."""

    def forge(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
        parts = (json.dumps({**header, "alg": "HS256"}), json.dumps(claims))
        content = ".".join(encoded(part.encode()) for part in parts)
        return f"{content}.{encoded(hmac.digest(secret(key), content.encode(), 'sha256'))}"

    return forge


def with_header(**members: Any) -> Forge:  # noqa: ANN401 - a header's members
    """Well signed by our own key, with more in the header."""
    return lambda header, claims, key: signed({**header, **members}, claims, key)


def own_key_inside(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
    del key
    forger = new_key(kind="RSA-2048")
    return signed({**header, "jwk": public(forger)}, claims, forger)


FORGED: dict[str, Forge] = {
    "alg none": unsigned("none"),
    "alg nOnE": unsigned("nOnE"),
    "HS256 with the PEM": hmac_with(lambda key: key.as_pem(private=False)),
    "HS256 with the JWK": hmac_with(lambda key: json.dumps(public(key)).encode()),
    "embedded jwk": own_key_inside,
    "jku": with_header(jku="http://169.254.169.254/keys"),
    "x5u": with_header(x5u="http://127.0.0.1/certificate"),
    "x5c": with_header(x5c=["MIIB"]),
    "unknown crit": with_header(crit=["exp"], exp=NOW),
    "kid with a path": with_header(kid="../../../dev/null"),
    "kid of SQL": with_header(kid="' OR 1=1 --"),
    "kid of NUL": with_header(kid="\x00"),
    "kid half a character": with_header(kid="\ud800"),
    "kid a list": with_header(kid=["a"]),
    "300 kB header": with_header(more="x" * 300_000),
    "b64": with_header(b64=False, crit=["b64"]),
}


async def sent(http: httpx.AsyncClient, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "constant"}
    return await http.get("/api/v1/devices", headers=headers)


def our_key(embedded: Installation) -> RSAKey:
    key = embedded.app.state.services.tokens.ring.signing_key()
    assert isinstance(key, RSAKey)
    return key


async def check_refused(http: httpx.AsyncClient, name: str, token: str) -> None:
    answer = await sent(http, token)
    assert (name, answer.status_code, answer.json()) == (name, 401, REFUSED)


async def test_forged_tokens(embedded: Installation, http: httpx.AsyncClient) -> None:
    """Attack 11: 401 invalid_token, always in the same words."""
    key, claims = our_key(embedded), claims_for(embedded)
    header = {**HEAD, "kid": str(key.kid)}
    assert (await sent(http, signed(header, claims, key))).status_code == 200
    for name, forge in FORGED.items():
        await check_refused(http, name, forge(header, claims, key))


FOR_OTHERS: tuple[dict[str, Any], ...] = (
    {"aud": "vitalwire-portal"},
    {"aud": "sa-platform"},
    {"aud": ["vitalwire-argus", "sa-platform"]},
    {"iss": "http://evil.test"},
    {"iss": ISSUER + "/"},
    {"tenant_id": "other"},
    {"token_use": "refresh"},
    {"token_use": None},
    {"sub": "app_other"},
    {"cnf": {"jwk": {}}},
    {"cnf": {}},
    {"cnf": "abc"},
    {"user_id": "usr_unknown", "user_epoch": 1, "sub": "usr_unknown"},
    {"person": "usr_unknown"},
    {"person": "a"},
    {"person": "é"},
    {"person": ["usr_unknown"]},
)


async def test_tokens_for_others(embedded: Installation, http: httpx.AsyncClient) -> None:
    """Attack 12: another audience, issuer, tenant, use or holder: 401, though well signed."""
    key = our_key(embedded)
    for changes in FOR_OTHERS:
        claims = {**claims_for(embedded), **changes}
        if "tenant_id" in changes:
            claims["tenant_id"] = embedded.other.tenant_id
        token = signed({**HEAD, "kid": str(key.kid)}, claims, key)
        await check_refused(http, str(changes), token)


async def test_other_tokens_as_access_tokens(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 12: an ID token, a refresh token, another surface's, another installation's: 401."""
    tenant = embedded.mine.tenant_id
    client = people.client(tenant, profile="portal")
    portal = await redeem(http, client, people.code(client, people.person(tenant, "patient")))
    clinical = people.client(tenant, profile="clinical", scopes=("cases:read",))
    grant = {"grant_type": "client_credentials"}
    theirs = await http.post(clinical.token_path, data=grant, auth=clinical.auth)
    tokens = [portal["id_token"], portal["refresh_token"], portal["access_token"]]
    tokens.append(theirs.json()["access_token"])
    elsewhere, ours = new_key("elsewhere", kind="RSA-2048"), our_key(embedded)
    for kid in ("elsewhere", str(ours.kid)):
        tokens.append(signed({**HEAD, "kid": kid}, claims_for(embedded), elsewhere))
    for number, token in enumerate(tokens):
        await check_refused(http, str(number), token)


TIMES = (
    f'"exp":"{NOW + 60}"',
    '"exp":NaN',
    '"exp":1e400',
    '"exp":-Infinity',
    '"exp":null',
    '"exp":true',
    f'"exp":{NOW + 60}.5',
    f'"exp":[{NOW + 60}]',
    '"x":1',
    f'"exp":{NOW + 60},"nbf":{NOW + 600}',
    f'"exp":{NOW + 60},"nbf":"{NOW}"',
    f'"exp":{NOW + 60},"iat":{NOW + 600}',
    f'"exp":{NOW - 6}',
)


async def test_times_of_another_kind(embedded: Installation, http: httpx.AsyncClient) -> None:
    """Attack 13: exp no whole number, missing or past, nbf or iat in the future: 401."""
    key, claims = our_key(embedded), claims_for(embedded)
    for times in TIMES:
        named = [name for name in ("exp", "nbf", "iat") if f'"{name}"' in times or name == "exp"]
        rest = json.dumps({name: one for name, one in claims.items() if name not in named})
        token = signed({**HEAD, "kid": str(key.kid)}, f"{{{times},{rest[1:]}", key)
        await check_refused(http, times, token)
