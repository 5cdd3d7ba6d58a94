"""The token endpoint, the published keys and the server's metadata."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Final
from urllib.parse import unquote_plus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.shared.answers import exact_json
from cloud.api.shared.peer import client_certificate
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization.grants import GRANTS, GrantError, ShownCertificate, issue
from cloud.core.authorization.tokens import thumbprint
from cloud.core.devices.certificates import gateway_of_certificate
from cloud.core.kernel.exact_json import dumps
from cloud.core.kernel.scopes import CATALOGUE
from cloud.core.kernel.work import UnitOfWork

router = APIRouter(tags=["OAuth"])

TOKEN_PATH: Final = "/v1/oauth/token"  # noqa: S105 - a path, not a secret
JWKS_PATH: Final = "/.well-known/jwks.json"
MOST_FIELDS: Final = 50
_FORM: Final = "application/x-www-form-urlencoded"

_REFUSAL: Final[dict[str, Any]] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {
                "error": {
                    "type": "string",
                    "enum": [
                        "invalid_request",
                        "invalid_client",
                        "unauthorized_client",
                        "unsupported_grant_type",
                        "invalid_scope",
                    ],
                },
                "error_description": {"type": "string"},
            },
        },
        "example": {"error": "invalid_request", "error_description": "Send grant_type."},
    }
}
_TOKEN_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": [grant.name for grant in GRANTS]},
                        "scope": {"type": "string", "description": "Space-separated."},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string", "format": "password"},
                    },
                },
                "example": {"grant_type": "client_credentials", "scope": "argus:devices:read"},
            }
        },
    },
    "responses": {
        "200": {
            "description": "A bearer token",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["access_token", "token_type", "expires_in", "scope"],
                        "properties": {
                            "access_token": {"type": "string"},
                            "token_type": {"const": "Bearer"},
                            "expires_in": {"type": "integer", "description": "Seconds."},
                            "scope": {"type": "string", "description": "Space-separated."},
                        },
                    },
                    "example": {
                        "access_token": "eyJ...",
                        "token_type": "Bearer",
                        "expires_in": 3600,
                        "scope": "argus:devices:read",
                    },
                }
            },
        },
        "400": {"description": "An error of RFC 6749 5.2", "content": _REFUSAL},
        "401": {"description": "`invalid_client`", "content": _REFUSAL},
        "413": {
            "description": "The body is too large",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/ErrorModel"}}
            },
        },
    },
}


@router.post(TOKEN_PATH, openapi_extra=_TOKEN_BODY, summary="Get an access token")
async def token(request: Request, services: AllServices) -> Response:
    """Client credentials by HTTP Basic or in the form, never in both and never in the query."""
    try:
        form = await _form(request)
        client_id, secret = _credentials(request, form)
    except GrantError as exc:
        return _refusal(exc, basic="authorization" in request.headers)
    return await run_in_threadpool(_issue, request, services, client_id, secret, form)


def _issue(
    request: Request, services: Services, client_id: str, secret: str, form: dict[str, str]
) -> Response:
    try:
        with services.database.reading(now=services.clock()) as work:
            certificate = client_certificate(request) if not secret else None
            issued = issue(
                work,
                services.tokens,
                client_id=client_id,
                client_secret=secret,
                form=form,
                shown=None if certificate is None else _shown(work, client_id, certificate),
            )
    except GrantError as exc:
        return _refusal(exc, basic="authorization" in request.headers)
    body = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    return exact_json(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _shown(work: UnitOfWork, client_id: str, certificate: bytes) -> ShownCertificate:
    """RFC 8705 2: whose certificate the connection shows."""
    gateway = gateway_of_certificate(work, certificate)
    is_of_client = gateway is not None and gateway.client_id == client_id
    return ShownCertificate(is_of_client, thumbprint(certificate))


async def _form(request: Request) -> dict[str, str]:
    if request.url.query:
        raise GrantError("invalid_request", "Send the parameters in the body, not in the query.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise GrantError("invalid_request", f"Send {_FORM}.")
    try:
        pairs = (await request.form(max_fields=MOST_FIELDS, max_files=0)).multi_items()
    except HTTPException as exc:
        raise GrantError("invalid_request", f"Send at most {MOST_FIELDS} fields.") from exc
    form = {name: value for name, value in pairs if isinstance(value, str)}
    if len(form) != len(pairs):
        raise GrantError("invalid_request", "Send each parameter once.")
    if not form.get("grant_type"):
        raise GrantError("invalid_request", "Send grant_type.")
    return form


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    headers = request.headers.getlist("authorization")
    if not headers:
        if form.get("client_id") and client_certificate(request) is not None:
            return form["client_id"], form.get("client_secret", "")
        if not form.get("client_id") or not form.get("client_secret"):
            raise GrantError("invalid_client", "Authenticate the client.")
        return form["client_id"], form["client_secret"]
    if len(headers) > 1 or "client_secret" in form:
        raise GrantError("invalid_request", "Authenticate in one way only.")
    scheme, _, encoded = headers[0].partition(" ")
    if scheme.lower() != "basic":
        raise GrantError("invalid_client", "Authenticate by HTTP Basic.")
    try:
        # RFC 6749 2.3.1: both halves are form-encoded before they are joined.
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error) as exc:
        raise GrantError("invalid_client", "Authenticate by HTTP Basic.") from exc
    client_id = unquote_plus(user)
    if not colon or form.get("client_id", client_id) != client_id:
        raise GrantError("invalid_client", "Authenticate as one client.")
    return client_id, unquote_plus(password)


def _refusal(error: GrantError, *, basic: bool) -> Response:
    """RFC 6749 5.2."""
    status = 401 if error.error == "invalid_client" else 400
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if status == 401 and basic:
        headers["WWW-Authenticate"] = 'Basic realm="vitalwire"'
    body = {"error": error.error, "error_description": error.description}
    return exact_json(body, status=status, headers=headers)


@router.head(JWKS_PATH, include_in_schema=False)
@router.head("/v1/auth/jwks.json", include_in_schema=False)
@router.get(JWKS_PATH, summary="The keys that verify access tokens")
@router.get("/v1/auth/jwks.json", summary="The same keys at their older address")
def jwks(request: Request, services: AllServices) -> Response:
    """A JWK set with an ETag; both addresses give the same octets."""
    body = dumps({"keys": services.tokens.ring.documents()})
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
    held = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if "*" in held or etag in held or f"W/{etag}" in held:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/.well-known/oauth-authorization-server", summary="Server metadata (RFC 8414)")
def metadata(services: AllServices) -> Response:
    """Where everything is, for clients that discover."""
    issuer = services.tokens.policy.issuer
    return exact_json(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}{TOKEN_PATH}",
            "jwks_uri": f"{issuer}{JWKS_PATH}",
            "response_types_supported": [],
            "grant_types_supported": [grant.name for grant in GRANTS],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "tls_client_auth",
            ],
            "scopes_supported": sorted(scope.name for scope in CATALOGUE if scope.requestable),
        },
        headers={"Cache-Control": "public, max-age=300"},
    )
