"""Routes whose JSON bodies are read strictly and exactly."""

from __future__ import annotations

import email.message
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from starlette.exceptions import HTTPException

from cloud.api.shared.accept import admits
from cloud.api.shared.answers import JSON_MEDIA_TYPE
from cloud.api.shared.errors import BodyRefusedError, accepted
from cloud.core.kernel.errors import MalformedError, UnsupportedError
from cloud.core.kernel.exact_json import ExactJsonError, loads

EARLIEST_YEAR: Final = 2000
LATEST_YEAR: Final = 9999
WIDEST_OFFSET: Final = timedelta(hours=14)


class StrictRoute(APIRoute):
    """A route that takes `application/json` in UTF-8 and nothing else, numbers as `Decimal`.

    It answers in JSON, or in what its 200 names besides: 406 for a caller who takes neither.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the request before FastAPI reads its body."""
        handle = super().get_route_handler()
        body = self.body_field
        takes_json = body is not None
        may_be_absent = body is not None and not body.field_info.is_required()
        offered = [JSON_MEDIA_TYPE, *self.responses.get(200, {}).get("content", ())]

        async def strict(request: Request) -> Response:
            # A format in the query is the caller's last word on it.
            if "format" not in request.query_params and not admits(accepted(request), offered):
                raise HTTPException(406)
            if takes_json and not (may_be_absent and not _has_body(request)):
                _check_media_type(request)
                request = _StrictRequest(request.scope, request.receive)
            return await handle(request)

        return strict


class _StrictRequest(Request):
    async def json(self) -> Any:  # noqa: ANN401 - JSON has any shape
        """The body by our own reader."""
        try:
            return loads(await self.body())
        except ExactJsonError as exc:
            raise BodyRefusedError(
                MalformedError("malformed_json", f"Send valid JSON: {exc}.")
            ) from exc


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    return length != "0" or "transfer-encoding" in request.headers


def _check_media_type(request: Request) -> None:
    message = email.message.Message()
    message["content-type"] = request.headers.get("content-type", "")
    charset = str(message.get_param("charset", "utf-8")).lower()
    if message.get_content_type() != JSON_MEDIA_TYPE or charset not in ("utf-8", "utf8"):
        raise BodyRefusedError(
            UnsupportedError("unsupported_media_type", "Send application/json in UTF-8.")
        )
    # What is not inflated cannot be a bomb.
    if request.headers.get("content-encoding", "identity") != "identity":
        raise BodyRefusedError(
            UnsupportedError("unsupported_encoding", "Send the body without compression.")
        )


class StrictModel(BaseModel):
    """A request body: members that are not named here are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError("a JSON number is needed")  # noqa: TRY004 - pydantic wants ValueError
    return Decimal(value)


def _timestamp(value: object) -> object:
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("an RFC 3339 time with its offset is needed")
    at = datetime.fromisoformat(value)
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("an RFC 3339 time with its offset is needed")
    if abs(offset) > WIDEST_OFFSET:
        raise ValueError("the offset is one that no place on earth has")
    # Nothing of ours is older; the very last day leaves no room to count on from it.
    if not EARLIEST_YEAR <= at.year < LATEST_YEAR:
        raise ValueError("the time is not of this age")
    return at.astimezone(UTC)


ExactNumber = Annotated[
    Decimal, BeforeValidator(_number), WithJsonSchema({"type": "number", "examples": [36.60]})
]
"""A JSON number with its digits; a string is refused."""

Timestamp = Annotated[
    datetime,
    BeforeValidator(_timestamp),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An RFC 3339 time from 2000 on with its offset (at most 14 hours); UTC inside."""
