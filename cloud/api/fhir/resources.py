"""/fhir/R4: read, vread, history and search of every type in the registry, made of its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.fhir.answers import BASE_PATH, check_format, fhir, versioned
from cloud.api.fhir.callers import READ, SEARCH, FhirRequirement
from cloud.api.fhir.documentation import FHIR_ANSWER, FORM_BODY, search_parameters
from cloud.api.fhir.searches import (
    Pairs,
    absent,
    answer,
    desk_of,
    form_pairs,
    found_of,
    note,
    version_of,
)
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Work
from cloud.core.kernel.principal import Principal
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.registry import KINDS
from cloud.fhir.rest.searchset import history

router = APIRouter(prefix=BASE_PATH, tags=["FHIR R4"], dependencies=[Depends(check_format)])


def _add(kind: Kind) -> None:
    """The routes of one type."""
    reading = FhirRequirement(kind.name, READ)
    searching = FhirRequirement(kind.name, SEARCH)

    def search(
        request: Request,
        work: Work,
        services: AllServices,
        caller: Principal = Depends(searching),
    ) -> Response:
        pairs = request.query_params.multi_items()
        return answer(request, services, work, caller, kind, pairs)

    def search_by_form(
        request: Request,
        work: Work,
        services: AllServices,
        pairs: Annotated[Pairs, Depends(form_pairs)],
        caller: Principal = Depends(searching),
    ) -> Response:
        return answer(request, services, work, caller, kind, pairs)

    def read(
        request: Request,
        id: str,
        work: Work,
        services: AllServices,
        caller: Principal = Depends(reading),
    ) -> Response:
        desk = desk_of(services, work, caller)
        resource = found_of(desk, kind, id)
        note(desk, "read", kind.name, id)
        return versioned(request, resource)

    def versions(
        request: Request,
        id: str,
        work: Work,
        services: AllServices,
        caller: Principal = Depends(reading),
    ) -> Response:
        desk = desk_of(services, work, caller)
        found = [found_of(desk, kind, id), *kind.former(desk, id)]
        note(desk, "history", kind.name, id)
        del request
        return fhir(history(desk, kind, found))

    def vread(
        request: Request,
        id: str,
        version: str,
        work: Work,
        services: AllServices,
        caller: Principal = Depends(reading),
    ) -> Response:
        desk = desk_of(services, work, caller)
        for one in (found_of(desk, kind, id), *kind.former(desk, id)):
            if version_of(one) == version:
                note(desk, "read", kind.name, id, version=version)
                return versioned(request, one)
        raise absent(kind)

    name = kind.name
    _get(f"/{name}", search, f"Search {name}", openapi={"parameters": search_parameters(kind)})
    router.add_api_route(
        f"/{name}/_search",
        search_by_form,
        methods=["POST"],
        summary=f"Search {name} by a form",
        name=f"search {name} by form",
        response_class=Response,
        responses={**FHIR_ANSWER, **errors(400, 406, 413, 415)},
        openapi_extra={"requestBody": FORM_BODY},
    )
    _get(f"/{name}/{{id}}", read, f"Read {name}", 404)
    _get(f"/{name}/{{id}}/_history", versions, f"Versions of {name}", 404)
    _get(f"/{name}/{{id}}/_history/{{version}}", vread, f"A version of {name}", 404)


def _get(
    path: str,
    endpoint: Callable[..., Response],
    summary: str,
    *statuses: int,
    openapi: dict[str, Any] | None = None,
) -> None:
    router.add_api_route(
        path,
        endpoint,
        methods=["GET"],
        summary=summary,
        name=summary.lower(),
        response_class=Response,
        responses={**FHIR_ANSWER, **errors(400, 406, *statuses)},
        openapi_extra=openapi,
    )


for _kind in KINDS:
    _add(_kind)
