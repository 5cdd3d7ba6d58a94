"""The ways into the one authorization server, as data: one row for each family of surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLIENT_CREDENTIALS: Final = "client_credentials"
AUTHORIZATION_CODE: Final = "authorization_code"
REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - a grant's name
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a grant's name

SECRET_BASIC: Final = "client_secret_basic"  # noqa: S105 - a method's name
SECRET_POST: Final = "client_secret_post"  # noqa: S105 - a method's name
SECRET_JSON: Final = "client_secret_json"  # noqa: S105 - a method's name
PRIVATE_KEY_JWT: Final = "private_key_jwt"
SELF_SIGNED_TLS: Final = "self_signed_tls_client_auth"
TLS: Final = "tls_client_auth"
NONE: Final = "none"
BY_SECRET: Final = (SECRET_BASIC, SECRET_POST, SECRET_JSON)

CODE_SECONDS: Final = 60
DELEGATED_SECONDS: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one family of surfaces gets its tokens.

    `audience` is who the tokens are for, so that those of one family open no other's doors.
    Lifetimes are in seconds; `refresh_seconds` 0 gives no refresh tokens, and
    for `reuse_seconds` a refresh token that was just used is forgiven. `is_pairwise`: a person
    has another subject at every client (OIDC Core, 8.1). `tells_created_at`: the answer says when.
    """

    name: str
    audience: str
    token_path: str
    authorize_path: str = ""
    grants: tuple[str, ...]
    auth_methods: tuple[str, ...]
    access_seconds: int = 3600
    refresh_seconds: int = 0
    reuse_seconds: int = 0
    is_pairwise: bool = False
    tells_created_at: bool = False

    @property
    def base_path(self) -> str:
        """Where its other endpoints are: beside the token endpoint."""
        return self.token_path.rpartition("/")[0]


PLATFORM: Final = Profile(
    name="platform",
    audience="vitalwire-argus",
    token_path="/v1/oauth/token",  # noqa: S106 - a path
    authorize_path="/v1/oauth/authorize",
    grants=(CLIENT_CREDENTIALS, AUTHORIZATION_CODE, REFRESH_TOKEN),
    auth_methods=(SECRET_BASIC, SECRET_POST, PRIVATE_KEY_JWT, SELF_SIGNED_TLS, TLS, NONE),
    refresh_seconds=30 * 86_400,
)
CLINICAL: Final = Profile(
    name="clinical",
    audience="sa-platform",
    token_path="/v1/auth/oauth/token",  # noqa: S106 - a path
    grants=(CLIENT_CREDENTIALS, TOKEN_EXCHANGE),
    auth_methods=(SECRET_BASIC, SECRET_POST, PRIVATE_KEY_JWT, SELF_SIGNED_TLS),
)
PORTAL: Final = Profile(
    name="portal",
    audience="vitalwire-portal",
    token_path="/oauth/token",  # noqa: S106 - a path
    authorize_path="/oauth/authorize",
    grants=(AUTHORIZATION_CODE, REFRESH_TOKEN),
    auth_methods=(SECRET_BASIC, SECRET_POST, PRIVATE_KEY_JWT, NONE),
    access_seconds=7200,
    refresh_seconds=30 * 86_400,
    reuse_seconds=60,
    is_pairwise=True,
    tells_created_at=True,
)
PARTNER: Final = Profile(
    name="partner",
    audience="vitalwire-partner",
    token_path="/v2/partners/authenticate",  # noqa: S106 - a path
    grants=(CLIENT_CREDENTIALS,),
    auth_methods=(SECRET_JSON,),
)
PROFILES: Final = (PLATFORM, CLINICAL, PORTAL, PARTNER)
BY_NAME: Final = {profile.name: profile for profile in PROFILES}
