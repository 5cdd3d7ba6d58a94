"""How scribe partners get their token: a pair in JSON, and their API key in a header."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.authorization import limits
from cloud.api.authorization.forms import caller_of
from cloud.api.authorization.refusals import NEVER_KEPT
from cloud.api.shared.answers import JSON_MEDIA_TYPE, exact_json
from cloud.api.shared.services import AllServices
from cloud.core.authorization.client_authentication import Presented
from cloud.core.authorization.profiles import CLIENT_CREDENTIALS, PARTNER
from cloud.core.authorization.refusals import GrantError
from cloud.core.kernel.errors import UnsupportedError
from cloud.core.kernel.exact_json import ExactJsonError, loads

router = APIRouter(tags=["Partners"])

HEADER: Final = "x-api-key"
_ANSWERS: Final = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden"}
_OF_THE_FRAME: Final = {
    413: "The body is too large",
    415: "Not application/json",
    429: "Too many; Retry-After says when to try again",
    503: "The store is away; Retry-After says when to try again",
}
_CODES: Final = {400: "bad_request", 401: "unauthorized", 403: "forbidden"}


class PartnerErrorModel(BaseModel):
    """An error as partners know it."""

    message: str = Field(examples=["Forbidden"])
    code: str = Field(examples=["forbidden"])
    requestId: str = Field(examples=["bcae55c255df4b35807d986099895049"])  # noqa: N815 - the contract's name


class PartnerTokenModel(BaseModel):
    """A token, for the `Access-Token` header."""

    accessToken: str  # noqa: N815 - the contract's name
    expiresIn: int = Field(examples=[3600])  # noqa: N815 - the contract's name
    tokenType: str = Field(examples=["Bearer"])  # noqa: N815 - the contract's name


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON_MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["clientId", "clientSecret"],
                    "properties": {
                        "clientId": {"type": "string"},
                        "clientSecret": {"type": "string", "format": "password"},
                    },
                },
                "example": {"clientId": "app_0f3c", "clientSecret": "vws_..."},
            }
        },
    },
    "parameters": [
        {"in": "header", "name": "X-API-Key", "required": True, "schema": {"type": "string"}}
    ],
}


@router.post(
    PARTNER.token_path,
    openapi_extra=_BODY,
    response_model=PartnerTokenModel,
    responses={
        status: {"model": PartnerErrorModel, "description": words}
        for status, words in (_ANSWERS | _OF_THE_FRAME).items()
    },
    summary="Get an access token (partner)",
)
async def authenticate(request: Request, services: AllServices) -> Response:
    """403 for a missing or wrong key, before anything else is looked at; 401 for a wrong pair."""
    limits.admit_address(request, services)
    pair = await _pair(request)
    keys = request.headers.getlist(HEADER)
    presented = Presented(
        client_id=pair[0] if pair else "",
        json_secret=pair[1] if pair else "",
        api_key=keys[0] if len(keys) == 1 else None,
    )
    limits.admit_client(request, services, presented)
    try:
        answer = await run_in_threadpool(
            services.authorization.token_endpoint.answer,
            PARTNER,
            presented,
            {"grant_type": CLIENT_CREDENTIALS},
            caller=caller_of(request),
        )
    except GrantError as exc:
        if exc.error == "forbidden":
            return _refusal(request, 403)
        if pair is None and not _is_json(request):
            raise UnsupportedError("unsupported_media_type", "Send application/json.") from exc
        return _refusal(request, 401 if pair else 400)
    limits.count_client(request, services, presented)
    document = PartnerTokenModel(
        accessToken=answer.access.access_token,
        expiresIn=answer.access.expires_in,
        tokenType=answer.access.token_type,
    )
    return exact_json(document.model_dump(), headers=NEVER_KEPT)


async def _pair(request: Request) -> tuple[str, str] | None:
    """Id and secret of the body, None for anything else."""
    if not _is_json(request):
        return None
    try:
        body = loads(await request.body())
    except ExactJsonError:
        return None
    if not isinstance(body, dict):
        return None
    pair = (body.get("clientId"), body.get("clientSecret"))
    if not all(isinstance(one, str) and one for one in pair):
        return None
    return str(pair[0]), str(pair[1])


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0]
    return media_type.strip().lower() == JSON_MEDIA_TYPE


def _refusal(request: Request, status: int) -> Response:
    document = PartnerErrorModel(
        message=_ANSWERS[status],
        code=_CODES[status],
        requestId=str(request.state.request_id),
    )
    return exact_json(document.model_dump(), status=status, headers=NEVER_KEPT)
