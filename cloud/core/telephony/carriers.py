"""The carriers there are and what each wants to be told to let us in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from cloud.core.kernel.errors import InvalidError

LONGEST_VALUE: Final = 1_000


class Carrier(Enum):
    """Who carries the calls; SIP and IAX2 are any gateway that speaks these."""

    VOIP_MS = "voip_ms"
    TWILIO = "twilio"
    TELNYX = "telnyx"
    PLIVO = "plivo"
    BANDWIDTH = "bandwidth"
    SIP = "sip"
    IAX2 = "iax2"


CREDENTIALS: Final[Mapping[Carrier, tuple[str, ...]]] = {
    Carrier.VOIP_MS: ("username", "api_password"),
    Carrier.TWILIO: ("account_sid", "auth_token"),
    Carrier.TELNYX: ("api_key",),
    Carrier.PLIVO: ("auth_id", "auth_token"),
    Carrier.BANDWIDTH: ("account_id", "username", "password"),
    Carrier.SIP: ("host", "username", "password"),
    Carrier.IAX2: ("host", "username", "password"),
}


def check_credentials(carrier: Carrier, given: Mapping[str, str]) -> None:
    """InvalidError `invalid_credentials`, naming what the carrier wants and never what was sent."""
    wanted = CREDENTIALS[carrier]
    is_good = set(given) == set(wanted) and all(
        value and len(value) <= LONGEST_VALUE and value.isprintable() for value in given.values()
    )
    if not is_good:
        raise InvalidError(
            "invalid_credentials",
            f"Send these credentials, each once: {', '.join(wanted)}.",
            details={"fields": ["credentials"]},
        )
