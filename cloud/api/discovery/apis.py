"""The APIs of the service: under which addresses each lies, and where it is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OPENAPI_JSON: Final = "/.well-known/openapi.json"
OPENAPI_YAML: Final = "/.well-known/openapi.yaml"
API_CATALOG: Final = "/.well-known/api-catalog"
DOCUMENTS: Final = "/api/docs"
LLMS: Final = "/llms.txt"
JSON_MEDIA: Final = "application/json"
YAML_MEDIA: Final = "application/yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One API: `name` as its topic is called, `base` the address that stands for it, `prefixes` of
    all its addresses; `own_description` where it has one besides OpenAPI.
    """

    name: str
    title: str
    says: str
    base: str
    prefixes: tuple[str, ...] = ()
    own_description: str = ""

    def holds(self, path: str) -> bool:
        """Whether an address is one of its."""
        return path.startswith((self.base, *self.prefixes))


APIS: Final[tuple[Api, ...]] = (
    Api(
        name="records",
        title="Devices, encounters and quality",
        says="What an ambulance fleet measures and writes down, and how it is handed over.",
        base="/api/v1",
    ),
    Api(
        name="platform",
        title="Platform",
        says="Applications, webhooks, long work, retention, traces, schemas and the sandbox.",
        base="/v1/platform",
        prefixes=(
            "/v1/webhooks",
            "/v1/jobs",
            "/v1/observability",
            "/v1/discovery",
            "/v1/sandbox",
            "/v1/saml",
        ),
    ),
    Api(
        name="oauth",
        title="Tokens and sign-in",
        says="Tokens of applications and people, and the keys that verify them.",
        base="/v1/oauth",
        prefixes=("/oauth", "/.well-known", "/v2/partners"),
    ),
    Api(
        name="fhir",
        title="FHIR R4",
        says="Encounters and all that belongs to them, as a hospital's system reads them.",
        base="/fhir/R4",
        own_description="/fhir/R4/metadata",
    ),
    Api(
        name="graphql",
        title="GraphQL",
        says="Curated operations over figures and telephone lines.",
        base="/graphql",
    ),
    Api(
        name="clinical",
        title="Clinical administration",
        says="API clients, their credentials, and users.",
        base="/v1/auth",
        prefixes=("/v1/user-management",),
    ),
    Api(
        name="vehicles",
        title="Vehicles",
        says="How gateways join, send batches and hear of commands.",
        base="/v1/uplink",
        prefixes=("/v1/gateways",),
    ),
    Api(
        name="operations",
        title="Operations",
        says="Health, counters and the board's stream.",
        base="/health",
        prefixes=("/metrics", "/board"),
    ),
)
BY_NAME: Final = {api.name: api for api in APIS}


def api_of(path: str) -> Api | None:
    """The API an address belongs to, None for one of none."""
    return next((api for api in APIS if api.holds(path)), None)


def linkset(issuer: str) -> dict[str, object]:
    """The catalog of RFC 9727 in the form of RFC 9264: every API, and what describes it."""
    catalog: dict[str, object] = {
        "anchor": f"{issuer}{API_CATALOG}",
        "item": [{"href": f"{issuer}{api.base}", "title": api.title} for api in APIS],
    }
    return {"linkset": [catalog, *(_links(issuer, api) for api in APIS)]}


def _links(issuer: str, api: Api) -> dict[str, object]:
    page = f"{issuer}{DOCUMENTS}/{api.name}"
    described = [
        {"href": f"{issuer}{OPENAPI_JSON}", "type": JSON_MEDIA},
        {"href": f"{issuer}{OPENAPI_YAML}", "type": YAML_MEDIA},
    ]
    if api.own_description:
        own = {"href": f"{issuer}{api.own_description}", "type": "application/fhir+json"}
        described.insert(0, own)
    return {
        "anchor": f"{issuer}{api.base}",
        "service-desc": described,
        "service-doc": [
            {"href": page, "type": "text/html"},
            {"href": f"{page}?format=markdown", "type": "text/markdown"},
        ],
        "service-meta": [
            {
                "href": f"{issuer}/.well-known/oauth-protected-resource",
                "type": "application/json",
            }
        ],
        "status": [{"href": f"{issuer}/health", "type": "application/json"}],
    }
