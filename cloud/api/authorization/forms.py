"""A form as OAuth wants it, and the proofs of who sent it."""

from __future__ import annotations

import base64
import binascii
from typing import Final
from urllib.parse import unquote_plus

from fastapi import Request
from starlette.exceptions import HTTPException

from cloud.api.shared.peer import caller_address, client_certificate
from cloud.api.shared.tracing import trace_of
from cloud.core.authorization.client_authentication import ASSERTION_TYPE, Presented
from cloud.core.authorization.refusals import invalid_client, invalid_request
from cloud.core.authorization.token_endpoint import Caller, ProofShown

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 50


async def read_form(request: Request) -> dict[str, str]:
    """The parameters of a body, each once; GrantError `invalid_request` otherwise.

    A parameter without a value counts as absent (RFC 6749, 3.1).
    """
    if request.url.query:
        raise invalid_request("Send the parameters in the body, not in the query.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise invalid_request(f"Send {FORM}.")
    try:
        pairs = (await request.form(max_fields=MOST_FIELDS, max_files=0)).multi_items()
    except HTTPException as exc:
        raise invalid_request(f"Send at most {MOST_FIELDS} fields.") from exc
    form = {name: value for name, value in pairs if isinstance(value, str)}
    if len(form) != len(pairs):
        raise invalid_request("Send each parameter once.")
    return {name: value for name, value in form.items() if value}


def presented(request: Request, form: dict[str, str], *, issuer: str) -> Presented:
    """What a request proves its client with; GrantError when that cannot be read.

    An assertion may be made out to the issuer, as FAPI 2.0 has it, or to the very endpoint it is
    sent to, as SMART has it.
    """
    basic_id, basic_secret = _basic(request)
    if basic_id is not None and form.get("client_id", basic_id) != basic_id:
        raise invalid_client("Authenticate as one client.")
    assertion = form.get("client_assertion")
    if assertion is not None and form.get("client_assertion_type") != ASSERTION_TYPE:
        raise invalid_client(f"Send client_assertion_type={ASSERTION_TYPE}.")
    return Presented(
        client_id=basic_id if basic_id is not None else form.get("client_id", ""),
        basic_secret=basic_secret,
        post_secret=form.get("client_secret"),
        assertion=assertion,
        certificate=client_certificate(request),
        audiences=(issuer, f"{issuer}{request.url.path}"),
    )


def proof_shown(request: Request, *, issuer: str) -> ProofShown | None:
    """The DPoP proof of a request; GrantError for more than one."""
    proofs = request.headers.getlist("dpop")
    if len(proofs) > 1:
        raise invalid_request("Send one DPoP proof.")
    if not proofs:
        return None
    return ProofShown(proof=proofs[0], method=request.method, url=f"{issuer}{request.url.path}")


def caller_of(request: Request) -> Caller:
    """Where the request comes from, and the trace it belongs to."""
    return Caller(
        address=caller_address(request),
        request_id=str(request.state.request_id),
        trace_id=trace_of(request),
    )


def _basic(request: Request) -> tuple[str | None, str | None]:
    headers = request.headers.getlist("authorization")
    if not headers:
        return None, None
    if len(headers) > 1:
        raise invalid_request("Authenticate in one way only.")
    scheme, _, encoded = headers[0].partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("Authenticate by HTTP Basic.")
    try:
        # RFC 6749 2.3.1: both halves are form-encoded before they are joined.
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error) as exc:
        raise invalid_client("Authenticate by HTTP Basic.") from exc
    if not colon:
        raise invalid_client("Authenticate by HTTP Basic.")
    return unquote_plus(user), unquote_plus(password)
