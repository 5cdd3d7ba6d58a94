"""Every router file of a surface is in the registry, and every operation says who may call it."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

import cloud.api
from cloud.api.registry import BATCH_ROUTERS, ROUTERS
from cloud.api.shared.documentation import required_scopes

MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(cloud.api.__path__, "cloud.api.")
    if not name.startswith("cloud.api.shared")
]
ROUTES = [
    route
    for router in (*ROUTERS, *BATCH_ROUTERS)
    for route in router.routes
    if isinstance(route, APIRoute)
]
# Whoever calls these proves themselves in another way, or nobody needs to.
OPEN = {
    "/health",
    "/metrics",
    "/v1/gateways/enrol",
    "/v2/partners/authenticate",
    "/.well-known/api-catalog",
    "/.well-known/jwks.json",
    "/.well-known/openapi.json",
    "/.well-known/openapi.yaml",
    # Each document says which scopes it needs.
    "/graphql",
    # Whatever a sandbox's token may do else, it may begin its own sandbox anew.
    "/v1/sandbox/reset",
    "/v1/sandbox/scenarios",
    "/v1/auth/jwks.json",
    "/oauth/discovery/keys",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/openid-configuration",
    "/.well-known/smart-configuration",
    "/fhir/R4/.well-known/smart-configuration",
    "/fhir/R4/metadata",
    "/oauth/userinfo",
    *(f"/v1/saml/{{connection_id}}/{name}" for name in ("metadata", "login", "acs")),
    *(
        f"{base}/{name}"
        for base in ("/v1/oauth", "/v1/auth/oauth", "/oauth")
        for name in ("authorize", "token", "revoke", "introspect", "par")
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_with_a_router_is_registered(name: str) -> None:
    router = getattr(importlib.import_module(name), "router", None)
    if isinstance(router, APIRouter):
        assert router in (*ROUTERS, *BATCH_ROUTERS)


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.include_in_schema], ids=lambda one: str(one.path)
)
def test_a_documented_operation_requires_a_scope_or_is_known_to_be_open(route: APIRoute) -> None:
    assert bool(required_scopes(route.dependant)) != (route.path in OPEN)


def test_no_address_is_served_twice() -> None:
    served = [(route.path, method) for route in ROUTES for method in route.methods or ()]
    assert len(set(served)) == len(served)
