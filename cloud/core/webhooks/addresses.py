"""Where a webhook may lead, seen when it is registered; every attempt looks anew."""

from __future__ import annotations

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.outbound import OutboundError, OutboundPolicy, check_endpoint


def check_receiver(url: str, outbound: OutboundPolicy, *, field: str = "body.url") -> None:
    """InvalidError `address_refused` for an address that nothing may be sent to; its words say what
    to do and never where the name leads. `field` is where the caller wrote it.

    It may take seconds: call it with no unit of work open.
    """
    try:
        check_endpoint(url, outbound)
    except OutboundError as exc:
        raise InvalidError(
            "address_refused",
            f"Give an https address that can be reached from everywhere: {exc}.",
            details={"fields": [{"field": field, "rule": "address"}]},
        ) from exc
