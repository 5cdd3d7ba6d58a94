"""Whether an address may be called: by its words, and by where its name leads at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound.errors import LookupFailedError
from cloud.core.kernel.outbound.lookup import Resolver
from cloud.core.kernel.outbound.policy import CHECK, OutboundPolicy, counted
from cloud.core.kernel.outbound.target import Target, read_stream, read_target

_PATIENCE: Final = 2.0
"""Whoever registers an address waits for its name no longer than this."""


def check_address(url: str, policy: OutboundPolicy, *, is_stream: bool = False) -> None:
    """AddressRefusedError for an address that will never be called, as far as its words tell:
    nothing is looked up. `is_stream` is for `mllps://host:port`.
    """
    (read_stream(url) if is_stream else read_target(url)).check_words(policy)


def check_endpoint(
    url: str, policy: OutboundPolicy, resolver: Resolver | None = None, *, is_stream: bool = False
) -> bool:
    """AddressRefusedError for an address that may not be registered: its words, or any of the
    addresses its name has now.

    False where the name is not known yet, which harms nobody: every call looks anew. Takes two
    seconds at most, so call it with no unit of work open.
    """
    asked = policy if resolver is None else replace(policy, resolver=resolver)
    with counted(policy, CHECK):
        target = read_stream(url) if is_stream else read_target(url)
        try:
            permitted(target, asked, _PATIENCE)
        except LookupFailedError:
            return False
        return True


def permitted(target: Target, policy: OutboundPolicy, seconds: float) -> Sequence[Address]:
    """Every address of the target now, each of which may be called.

    AddressRefusedError when one may not, LookupFailedError when there is none.
    """
    target.check_words(policy)
    if target.literal is not None:
        return [target.literal]
    addresses = policy.resolver(target.host, seconds)
    target.check(policy, addresses)
    return addresses
