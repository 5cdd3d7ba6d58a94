"""Calls to addresses that others gave us: never into our own network, never far.

At every call the name is looked up, every address it has must be a public one, and the connection
goes to one of these very addresses while TLS still checks the name. Redirects are not followed, no
proxy of the environment is asked, no cookie is kept, nothing is unpacked.
"""

from cloud.core.kernel.outbound.answers import (
    EXCERPT_OCTETS,
    GUARDED_HEADERS,
    MOST_OCTETS,
    Answer,
    Call,
)
from cloud.core.kernel.outbound.checking import check_address, check_endpoint
from cloud.core.kernel.outbound.errors import (
    AddressRefusedError,
    LookupFailedError,
    OutboundError,
)
from cloud.core.kernel.outbound.line import Line
from cloud.core.kernel.outbound.lookup import Lookups, Resolver, look_up
from cloud.core.kernel.outbound.metrics import OutboundMetrics
from cloud.core.kernel.outbound.policy import Ear, OutboundPolicy
from cloud.core.kernel.outbound.sending import get_json, opened_stream, send
from cloud.core.kernel.outbound.target import STREAM_SCHEMES, Target, read_stream
from cloud.core.kernel.outbound.tunnel import read_proxy

__all__ = [
    "EXCERPT_OCTETS",
    "GUARDED_HEADERS",
    "MOST_OCTETS",
    "STREAM_SCHEMES",
    "AddressRefusedError",
    "Answer",
    "Call",
    "Ear",
    "Line",
    "LookupFailedError",
    "Lookups",
    "OutboundError",
    "OutboundMetrics",
    "OutboundPolicy",
    "Resolver",
    "Target",
    "check_address",
    "check_endpoint",
    "get_json",
    "look_up",
    "opened_stream",
    "read_proxy",
    "read_stream",
    "send",
]
