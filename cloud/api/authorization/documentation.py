"""What OpenAPI says of endpoints that take forms."""

from __future__ import annotations

from typing import Any, Final

from cloud.api.authorization.forms import FORM
from cloud.core.authorization.profiles import (
    AUTHORIZATION_CODE,
    REFRESH_TOKEN,
    TOKEN_EXCHANGE,
    Profile,
)

_ERRORS: Final = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "invalid_dpop_proof",
    "mtls_required",
    "temporarily_unavailable",
    "too_many_requests",
    "server_error",
)
_REFUSAL: Final[dict[str, Any]] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {
                "error": {"type": "string", "enum": list(_ERRORS)},
                "error_description": {"type": "string"},
            },
        },
        "example": {"error": "invalid_request", "error_description": "Send grant_type."},
    }
}
_CLIENT: Final[dict[str, Any]] = {
    "client_id": {"type": "string"},
    "client_secret": {"type": "string", "format": "password"},
    "client_assertion_type": {"type": "string"},
    "client_assertion": {"type": "string", "description": "A signed JWT (RFC 7523)."},
}
_OF_GRANTS: Final[dict[str, dict[str, Any]]] = {
    AUTHORIZATION_CODE: {
        "code": {"type": "string"},
        "redirect_uri": {"type": "string", "format": "uri"},
        "code_verifier": {"type": "string", "description": "43 to 128 characters (RFC 7636)."},
    },
    REFRESH_TOKEN: {"refresh_token": {"type": "string"}},
    TOKEN_EXCHANGE: {
        "subject_token": {"type": "string", "description": "An ID token of a trusted issuer."},
        "subject_token_type": {"type": "string"},
    },
}
_REFUSALS: Final[dict[str, Any]] = {
    "400": {"description": "An error of RFC 6749 5.2", "content": _REFUSAL},
    "401": {"description": "The client did not prove itself", "content": _REFUSAL},
    "413": {"description": "The body is too large", "content": _REFUSAL},
    "429": {"description": "Too many; Retry-After says when to try again", "content": _REFUSAL},
    "503": {"description": "The store is away; Retry-After says when", "content": _REFUSAL},
}


def token_body(profile: Profile) -> dict[str, Any]:
    """Request and responses of a profile's token endpoint."""
    properties: dict[str, Any] = {
        "grant_type": {"type": "string", "enum": list(profile.grants)},
        "scope": {"type": "string", "description": "Space-separated."},
        **_CLIENT,
    }
    for grant in profile.grants:
        properties |= _OF_GRANTS.get(grant, {})
    example = {"grant_type": profile.grants[0], "scope": "argus:devices:read"}
    return {
        "requestBody": _form(properties, ["grant_type"], example),
        "responses": {"200": _token(profile), **_REFUSALS},
    }


def revocation_body() -> dict[str, Any]:
    """Request and responses of a revocation endpoint."""
    return {
        "requestBody": _form(_one_token(), ["token"], {"token": "eyJ..."}),
        "responses": {"200": {"description": "It has ended, if it was the client's"}, **_REFUSALS},
    }


def introspection_body() -> dict[str, Any]:
    """Request and responses of an introspection endpoint."""
    answer = {
        "schema": {
            "type": "object",
            "required": ["active"],
            "properties": {"active": {"type": "boolean"}, "scope": {"type": "string"}},
        },
        "example": {"active": False},
    }
    return {
        "requestBody": _form(_one_token(), ["token"], {"token": "eyJ..."}),
        "responses": {
            "200": {"description": "RFC 7662 2.2", "content": {"application/json": answer}},
            **_REFUSALS,
        },
    }


def authorization_parameters() -> dict[str, Any]:
    """Parameters and responses of an authorization endpoint."""
    told = {
        "client_id": "The application.",
        "response_type": "Always `code`.",
        "redirect_uri": "Exactly one of the application's registered addresses.",
        "scope": "Space-separated; all the application has when it is left out.",
        "state": "Comes back as it was sent, 2000 characters at most.",
        "code_challenge": "43 characters (RFC 7636); needed unless governance says otherwise.",
        "code_challenge_method": "Always `S256`.",
        "nonce": "Comes back in the ID token.",
        "prompt": "`none`, or of `login`, `consent`, `select_account`.",
        "max_age": "Seconds since the person signed in, at most.",
        "login_hint": "An address to fill in.",
        "id_token_hint": "Who is expected to be signed in.",
        "dpop_jkt": "The key that alone may redeem the code (RFC 9449).",
        "request_uri": "A pushed request instead of all but `client_id` (RFC 9126).",
    }
    page = {"text/html": {"schema": {"type": "string"}}}
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name == "client_id",
                "description": sentence,
                "schema": {"type": "string"},
            }
            for name, sentence in told.items()
        ],
        "responses": {
            "200": {"description": "A page that asks the person", "content": page},
            "302": {
                "description": "Back to the application with `code` or `error`, `state` and `iss`"
            },
            "400": {"description": "A page: nobody knows where to go back to", "content": page},
            "429": {"description": "A page: too many, see Retry-After", "content": page},
        },
    }


def pushed_body() -> dict[str, Any]:
    """Request and responses of a pushed authorization request."""
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "response_type": {"type": "string", "enum": ["code"]},
        "redirect_uri": {"type": "string", "format": "uri"},
        "scope": {"type": "string", "description": "Space-separated."},
        **dict.fromkeys(("state", "nonce", "prompt", "login_hint", "dpop_jkt"), text),
        "max_age": {"type": "integer", "description": "Seconds."},
        "code_challenge": {"type": "string", "description": "43 characters (RFC 7636)."},
        "code_challenge_method": {"type": "string", "enum": ["S256"]},
        **_CLIENT,
    }
    example = {"response_type": "code", "redirect_uri": "https://client.example/callback"}
    answer = {
        "schema": {
            "type": "object",
            "required": ["request_uri", "expires_in"],
            "properties": {
                "request_uri": {"type": "string"},
                "expires_in": {"type": "integer", "description": "Seconds."},
            },
        },
        "example": {"request_uri": "urn:ietf:params:oauth:request_uri:par_...", "expires_in": 90},
    }
    return {
        "requestBody": _form(properties, ["response_type", "redirect_uri"], example),
        "responses": {
            "201": {"description": "Kept for one answer", "content": {"application/json": answer}},
            **_REFUSALS,
        },
    }


def userinfo_body() -> dict[str, Any]:
    """Responses of the userinfo endpoint."""
    answer = {
        "schema": {
            "type": "object",
            "required": ["sub"],
            "properties": {"sub": {"type": "string"}, "name": {"type": "string"}},
        },
        "example": {"sub": "R2v...", "name": "Ada Byron", "email": "ada@example.org"},
    }
    unproven = {
        "schema": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}},
        },
        "example": {"error": "The access token is invalid"},
    }
    ours = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorModel"}}}
    return {
        "responses": {
            "200": {"description": "Claims", "content": {"application/json": answer}},
            "401": {"description": "No valid token", "content": {"application/json": unproven}},
            "403": {"description": "The token lacks openid", "content": ours},
        },
    }


def _one_token() -> dict[str, Any]:
    return {"token": {"type": "string"}, "token_type_hint": {"type": "string"}, **_CLIENT}


def _form(properties: dict[str, Any], required: list[str], example: object) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    return {"required": True, "content": {FORM: {"schema": schema, "example": example}}}


def _token(profile: Profile) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "enum": ["Bearer", "DPoP"]},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string", "description": "Space-separated."},
    }
    if profile.refresh_seconds:
        properties |= {"refresh_token": {"type": "string"}, "id_token": {"type": "string"}}
    if profile.tells_created_at:
        properties["created_at"] = {"type": "integer", "description": "Seconds since 1970."}
    return {
        "description": "An access token",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["access_token", "token_type", "expires_in", "scope"],
                    "properties": properties,
                },
                "example": {
                    "access_token": "eyJ...",
                    "token_type": "Bearer",
                    "expires_in": profile.access_seconds,
                    "scope": "argus:devices:read",
                },
            }
        },
    }
