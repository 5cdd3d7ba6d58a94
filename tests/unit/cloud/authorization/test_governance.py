"""The flags of an application: what may be set, and what each does."""

from __future__ import annotations

import pytest

from cloud.core.authorization.governance import LONGEST_TTL, Governance
from cloud.core.authorization.refusals import GrantError
from cloud.core.kernel.errors import InvalidError


def test_flags_come_back_as_they_were_kept() -> None:
    flags = Governance(allowed_ip_ranges=("10.0.0.0/8",), require_dpop=True)
    assert Governance.of(flags.stored()) == flags
    assert flags.stored()["allowed_ip_ranges"] == ["10.0.0.0/8"]
    assert Governance.of({"of_a_later_version": True}) == Governance()
    assert Governance().enforce_pkce


def test_a_change_reaches_the_named_flags_alone() -> None:
    before = Governance(require_mtls=True)
    after = before.changed({"max_token_ttl_seconds": 60, "allowed_ip_ranges": ["::1/128"]})
    assert (after.require_mtls, after.max_token_ttl_seconds) == (True, 60)
    assert after.allowed_ip_ranges == ("::1/128",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unknown", True),
        ("require_mtls", 1),
        ("require_mtls", "true"),
        ("max_token_ttl_seconds", True),
        ("max_token_ttl_seconds", -1),
        ("max_token_ttl_seconds", LONGEST_TTL + 1),
        ("max_token_ttl_seconds", 1.5),
        ("allowed_ip_ranges", "10.0.0.0/8"),
        ("allowed_ip_ranges", ["10.0.0.1/8"]),
        ("allowed_ip_ranges", ["nowhere"]),
        ("allowed_ip_ranges", [1]),
        ("allowed_ip_ranges", ["10.0.0.0/8"] * 51),
        ("allowed_redirect_uris", [""]),
        ("allowed_redirect_uris", ["u" * 2001]),
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(name: str, value: object) -> None:
    with pytest.raises(InvalidError, match="invalid_governance") as refused:
        Governance().changed({name: value, "require_dpop": True})
    assert refused.value.details == {"fields": [name]}


@pytest.mark.parametrize(
    ("address", "is_admitted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::1", True),
        ("11.0.0.1", False),
        ("::ffff:11.0.0.1", False),
        ("2001:db9::1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_addresses_are_held_against_the_ranges(address: str, *, is_admitted: bool) -> None:
    flags = Governance(allowed_ip_ranges=("10.0.0.0/8", "2001:db8::/32"))
    assert flags.admits(address) is is_admitted
    assert Governance().admits(address)


def test_what_a_token_must_be_bound_to_is_checked_before_it_is_given() -> None:
    open_flags = Governance()
    open_flags.check_call(address="", certificate="", key="")
    for flags, error in (
        (Governance(allowed_ip_ranges=("10.0.0.0/8",)), "unauthorized_client"),
        (Governance(require_mtls=True), "mtls_required"),
        (Governance(require_dpop=True), "invalid_dpop_proof"),
    ):
        with pytest.raises(GrantError) as refused:
            flags.check_call(address="192.0.2.1", certificate="", key="")
        assert refused.value.error == error
        flags.check_call(address="10.0.0.1", certificate="c", key="k")


def test_a_limit_shortens_and_none_leaves() -> None:
    assert Governance().seconds(3600) == 3600
    assert Governance(max_token_ttl_seconds=60).seconds(3600) == 60
    assert Governance(max_token_ttl_seconds=7200).seconds(3600) == 3600
