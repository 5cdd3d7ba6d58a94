"""What an administrator decides for one application: its flags and what they do."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from cloud.core.authorization.refusals import GrantError, unauthorized_client
from cloud.core.kernel.addresses import read_address
from cloud.core.kernel.errors import InvalidError

LONGEST_TTL: Final = 90 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """The flags of one application; nothing here reaches another.

    `allowed_redirect_uris` and `allowed_ip_ranges` (CIDR) limit nothing while they are empty, and
    `max_token_ttl_seconds` none while it is 0.
    """

    allow_service_tokens: bool = False
    enforce_pkce: bool = True
    allowed_redirect_uris: tuple[str, ...] = ()
    allowed_ip_ranges: tuple[str, ...] = ()
    max_token_ttl_seconds: int = 0
    require_mtls: bool = False
    require_dpop: bool = False
    require_pushed_requests: bool = False
    allow_refresh_tokens: bool = True
    sandbox_only: bool = False

    @property
    def gives_service_tokens(self) -> bool:
        """Whether there may be tokens that an administrator makes, and that are anybody's."""
        is_bound = self.require_mtls or self.require_dpop
        return self.allow_service_tokens and not is_bound and not self.sandbox_only

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Governance:
        """The flags as they are kept; one that was not there yet has its default."""
        known = {field.name for field in fields(cls)}
        return cls(**_frozen({name: stored[name] for name in stored if name in known}))

    def stored(self) -> dict[str, Any]:
        """As they are kept and shown."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    def changed(self, changes: Mapping[str, Any]) -> Governance:
        """With some flags set otherwise; InvalidError for an unknown flag or a wrong value."""
        wrong = [name for name, value in changes.items() if not _is_good(name, value)]
        if wrong:
            raise InvalidError(
                "invalid_governance",
                "Correct the flags in details.fields, or leave them out.",
                # An unknown name is the caller's text: it comes back shortened.
                details={"fields": sorted(name[:40] for name in wrong)[:20]},
            )
        return replace(self, **_frozen(changes))

    def admits(self, address: str) -> bool:
        """Whether a caller from this address may use the application."""
        if not self.allowed_ip_ranges:
            return True
        caller = read_address(address)
        return caller is not None and any(
            caller in ipaddress.ip_network(cidr) for cidr in self.allowed_ip_ranges
        )

    def check_call(self, *, address: str, certificate: str, key: str) -> None:
        """GrantError when a token may not be had at all, from there, or without being bound."""
        if self.sandbox_only:
            raise unauthorized_client("The application gets tokens for the sandbox only.")
        if not self.admits(address):
            raise unauthorized_client("Ask from an address the application is allowed to use.")
        if self.require_mtls and not certificate:
            raise GrantError("mtls_required", "Show one of the client's certificates.")
        if self.require_dpop and not key:
            raise GrantError(
                "invalid_dpop_proof", "Send a DPoP proof: the application requires it."
            )

    def seconds(self, wanted: int) -> int:
        """A token's lifetime under the limit."""
        return min(wanted, self.max_token_ttl_seconds) if self.max_token_ttl_seconds else wanted


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }


_FLAGS: Final = {field.name: field.type for field in fields(Governance)}


def _is_good(name: str, value: object) -> bool:
    kind = str(_FLAGS.get(name, ""))
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int":
        return type(value) is int and 0 <= value <= LONGEST_TTL
    if not kind or not isinstance(value, list) or len(value) > 50:
        return False
    return all(isinstance(item, str) and _is_good_item(name, item) for item in value)


def _is_good_item(name: str, item: str) -> bool:
    if name == "allowed_ip_ranges":
        try:
            ipaddress.ip_network(item)
        except ValueError:
            return False
        return True
    return bool(item) and len(item) <= 2000
