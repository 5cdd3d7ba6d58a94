"""`vitalwire-edge enrol`: a one-time code becomes a certificate and a configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from edge.clock import SYSTEM_CLOCK, Clock, ClockKeeper
from edge.enrolment.configuration import ConfigurationFolder, verify
from edge.enrolment.identity import Identity, Membership
from edge.errors import EnrolmentError, UplinkUnreachableError
from edge.uplink.cloud_time import CloudTime
from edge.uplink.policy import HttpsPolicy

PATH: Final = "/v1/gateways/enrol"
TIMEOUT_SECONDS: Final = 30.0
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}
_MENDS: Final = {
    "invalid_code": "Ask for a new code: each is good once and briefly",
    "too_many_attempts": "Wait a minute and try again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Who the gateway is from now on."""

    gateway_id: str
    vehicle_id: str


def join(
    data: Path,
    *,
    cloud: str,
    code: str,
    ca_file: str = "",
    clock: Clock = SYSTEM_CLOCK,
    leave: Callable[[], None] = lambda: None,
) -> Joined:
    """Join the fleet of `cloud` with a one-time code; EnrolmentError when that fails.

    The key is made here and never leaves. Nothing of an earlier membership is lost when it fails.
    `leave` is called before another tenant's fleet is joined; what it raises keeps the old one.
    """
    parts = urlsplit(cloud)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise EnrolmentError(
            "a code goes over TLS only", mend="Give the cloud as https://HOST[:PORT]"
        )
    identity = Identity(data)
    answer = _ask(cloud.rstrip("/"), code, identity.request(), ca_file, clock)
    try:
        membership = Membership(
            gateway_id=answer["gateway_id"],
            tenant_id=answer["tenant_id"],
            vehicle_id=answer["vehicle_id"],
            cloud=cloud.rstrip("/"),
            configuration_key_id=answer["configuration_key_id"],
            configuration_key=answer["configuration_key"],
        )
        configuration = answer["configuration"]
        verify(configuration, membership)
        if (before := identity.membership()) is not None:
            if before.tenant_id != membership.tenant_id:
                leave()
            if before.gateway_id != membership.gateway_id:
                ConfigurationFolder(data, membership).forget_trials()
        identity.join(membership, certificate=answer["certificate"], trust=answer["trust"])
    except (KeyError, TypeError) as exc:
        raise EnrolmentError("the cloud's answer is not understood") from exc
    ConfigurationFolder(data, membership).keep_good(configuration)
    return Joined(gateway_id=membership.gateway_id, vehicle_id=membership.vehicle_id)


def _ask(cloud: str, code: str, request: str, ca_file: str, clock: Clock) -> dict[str, str]:
    time = CloudTime(ClockKeeper(clock), HttpsPolicy(url=cloud, ca_file=ca_file))
    try:
        time.settle_now()
        response = httpx.post(
            cloud + PATH,
            json={"code": code, "request": request},
            timeout=TIMEOUT_SECONDS,
            verify=time.context(ca_file, ""),
        )
    except UplinkUnreachableError as exc:
        raise EnrolmentError(exc.cause, mend="Set the clock, and look at the cloud's") from exc
    except OSError as exc:
        raise EnrolmentError(
            f"{ca_file} holds no certificate that can be read",
            mend="Name a PEM file with the authority of the cloud's certificate",
        ) from exc
    except httpx.HTTPError as exc:
        raise EnrolmentError(
            f"the cloud cannot be reached ({str(exc).lower() or type(exc).__name__})",
            mend="Check the address, the network and --ca-file",
        ) from exc
    try:
        body = response.json()
    except ValueError as exc:
        raise EnrolmentError(f"the cloud answers {response.status_code}") from exc
    if response.status_code != httpx.codes.CREATED:
        reason = str(body.get("error", "unknown")) if isinstance(body, dict) else "unknown"
        raise EnrolmentError(
            f"the cloud does not let the gateway join ({reason[:64]})", mend=_MENDS.get(reason, "")
        )
    return body if isinstance(body, dict) else {}
