"""A relying party on Authlib's client: discovery, code with PKCE, ID token, refresh, revocation.

Runs in an environment of its own; says and hears the same lines as the other parties.
"""

from __future__ import annotations

import json
import sys

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet


def say(told: dict[str, object]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


wanted = json.loads(sys.argv[1])
found = requests.get(wanted["issuer"] + "/.well-known/openid-configuration", timeout=30).json()
session = OAuth2Session(
    wanted["client_id"],
    wanted["client_secret"],
    scope=wanted["scope"],
    redirect_uri=wanted["redirect_uri"],
    code_challenge_method="S256",
    token_endpoint_auth_method="client_secret_basic",
)
verifier, nonce = generate_token(48), generate_token(20)
url, state = session.create_authorization_url(
    found["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
say({"url": url})
back = sys.stdin.readline().strip()
tokens = session.fetch_token(
    found["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
)
keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=30).json())
claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": wanted["issuer"]},
    aud={"essential": True, "value": wanted["client_id"]},
    nonce={"essential": True, "value": nonce},
).validate(claims)
person = session.get(found["userinfo_endpoint"], timeout=30).json()
fresh = session.refresh_token(found["token_endpoint"], refresh_token=tokens["refresh_token"])
facts = session.introspect_token(found["introspection_endpoint"], token=fresh["access_token"])
session.revoke_token(found["revocation_endpoint"], token=fresh["refresh_token"])
later = session.introspect_token(found["introspection_endpoint"], token=fresh["access_token"])
say(
    {
        "token_type": tokens["token_type"],
        "scope": tokens["scope"],
        "claims": claims,
        "userinfo": person,
        "refreshed": fresh["refresh_token"] != tokens["refresh_token"],
        "active": facts.json()["active"],
        "active_later": later.json()["active"],
    }
)
