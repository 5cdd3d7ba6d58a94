"""Where everything is and which keys verify it, for clients that discover."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.shared.answers import JSON_MEDIA_TYPE, exact_json
from cloud.api.shared.entity_tags import tagged_octets
from cloud.api.shared.services import AllServices
from cloud.core.authorization import dpop, profiles
from cloud.core.authorization.authorization_requests import PROMPTS
from cloud.core.authorization.client_authentication import ASSERTION_ALGORITHMS
from cloud.core.authorization.keys import ALGORITHMS
from cloud.core.authorization.profiles import PLATFORM, PORTAL, Profile
from cloud.core.authorization.userinfo import SEALED_CLAIMS
from cloud.core.kernel.exact_json import dumps
from cloud.core.kernel.scope_catalogue import CATALOGUE, FHIR

router = APIRouter(tags=["OAuth"])

JWKS_PATH: Final = "/.well-known/jwks.json"
JWKS_TWINS: Final = ("/v1/auth/jwks.json", "/oauth/discovery/keys")
SMART_PATHS: Final = (
    "/.well-known/smart-configuration",
    "/fhir/R4/.well-known/smart-configuration",
)
_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_BY_CERTIFICATE: Final = frozenset({profiles.TLS, profiles.SELF_SIGNED_TLS})
CLAIMS: Final = (
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "given_name",
    "family_name",
    "name",
    "email",
    *SEALED_CLAIMS,
)
"""What an ID token or userinfo may say of a person."""


def jwks(request: Request, services: AllServices) -> Response:
    """A JWK set with an ETag; all addresses give the same octets."""
    body = dumps({"keys": services.tokens.ring.documents()})
    return tagged_octets(request, body, JSON_MEDIA_TYPE, _CACHED)


for _path in (JWKS_PATH, *JWKS_TWINS):
    router.add_api_route(_path, jwks, methods=["HEAD"], include_in_schema=False)
    router.add_api_route(
        _path, jwks, methods=["GET"], summary="The keys that verify tokens", name=f"jwks {_path}"
    )


@router.get("/.well-known/oauth-authorization-server", summary="Server metadata (RFC 8414)")
def server_metadata(services: AllServices) -> Response:
    """The platform's endpoints."""
    return exact_json(_common(services.authorization.issuer, PLATFORM), headers=_CACHED)


@router.get("/.well-known/oauth-protected-resource", summary="Resource metadata (RFC 9728)")
def resource_metadata(services: AllServices) -> Response:
    """Whose tokens the API takes, and how."""
    issuer = services.authorization.issuer
    return exact_json(
        {
            "resource": issuer,
            "authorization_servers": [issuer],
            "bearer_methods_supported": ["header"],
            "scopes_supported": sorted(scope.name for scope in CATALOGUE if scope.is_requestable),
            "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
            "dpop_bound_access_tokens_required": False,
            "tls_client_certificate_bound_access_tokens": True,
        },
        headers=_CACHED,
    )


@router.get("/.well-known/openid-configuration", summary="OpenID Connect discovery")
def openid_configuration(services: AllServices) -> Response:
    """The portal's endpoints, and what it says of people."""
    issuer = services.authorization.issuer
    base = f"{issuer}{PORTAL.base_path}"
    return exact_json(
        {
            **_common(issuer, PORTAL),
            "userinfo_endpoint": f"{base}/userinfo",
            "end_session_endpoint": f"{base}/logout",
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": list(ALGORITHMS),
            "claim_types_supported": ["normal"],
            "claims_supported": list(CLAIMS),
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "prompt_values_supported": list(PROMPTS),
        },
        headers=_CACHED,
    )


def smart_configuration(services: AllServices) -> Response:
    """SMART App Launch 2.2: what a hospital's own system needs to get tokens by its key."""
    issuer = services.authorization.issuer
    return exact_json(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}{JWKS_PATH}",
            "token_endpoint": f"{issuer}{PLATFORM.token_path}",
            "authorization_endpoint": f"{issuer}{PLATFORM.authorize_path}",
            "introspection_endpoint": f"{issuer}{PLATFORM.base_path}/introspect",
            "revocation_endpoint": f"{issuer}{PLATFORM.base_path}/revoke",
            "grant_types_supported": [profiles.AUTHORIZATION_CODE, profiles.CLIENT_CREDENTIALS],
            "token_endpoint_auth_methods_supported": [
                profiles.SECRET_BASIC,
                profiles.PRIVATE_KEY_JWT,
            ],
            "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
            "scopes_supported": sorted(scope.name for scope in CATALOGUE if scope.surface == FHIR),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        },
        headers=_CACHED,
    )


for _path in SMART_PATHS:
    router.add_api_route(
        _path,
        smart_configuration,
        methods=["GET"],
        summary="SMART App Launch configuration",
        name=f"smart {_path}",
    )


def _common(issuer: str, profile: Profile) -> dict[str, Any]:
    base = f"{issuer}{profile.base_path}"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{profile.authorize_path}",
        "token_endpoint": f"{issuer}{profile.token_path}",
        "jwks_uri": f"{issuer}{JWKS_PATH}",
        "revocation_endpoint": f"{base}/revoke",
        "introspection_endpoint": f"{base}/introspect",
        "pushed_authorization_request_endpoint": f"{base}/par",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(profile.grants),
        "token_endpoint_auth_methods_supported": list(profile.auth_methods),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(profile.auth_methods),
        "introspection_endpoint_auth_methods_supported": [
            method for method in profile.auth_methods if method != profiles.NONE
        ],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": not _BY_CERTIFICATE.isdisjoint(
            profile.auth_methods
        ),
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": sorted(scope.name for scope in CATALOGUE if scope.is_requestable),
    }
