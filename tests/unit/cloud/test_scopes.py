"""Wildcards stand for whole parts on a colon, and never in what an endpoint requires."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import (
    CATALOGUE,
    check_required,
    covered,
    covers,
    intersection,
    is_grantable,
    is_well_formed,
    named_within,
)

NAMES = [scope.name for scope in CATALOGUE]
WILDCARDS = ["*", "argus:*", "argus:epcr:*", "cases:*", "system/*.rs", "system/*.r"]
grants = st.lists(st.sampled_from([*NAMES, *WILDCARDS]), max_size=4)


@pytest.mark.parametrize(
    ("granted", "required", "answer"),
    [
        ("argus:epcr:read", "argus:epcr:read", True),
        ("argus:epcr:*", "argus:epcr:read", True),
        ("argus:*", "argus:epcr:read", True),
        ("*", "argus:epcr:read", True),
        ("argus:epcr:read", "argus:epcr:write", False),
        ("case:*", "cases:read", False),
        ("cases:*", "cases:read", True),
        ("argus:epc*", "argus:epcr:read", False),
        ("argus:epcr", "argus:epcr:read", False),
        ("argus:epcr:*", "argus:epcr", False),
        ("argus:epcr:read", "argus:epcr:*", False),
        ("argus:epcr:*", "argus:epcr:*", True),
        ("argus:epcr:*", "argus:*", False),
        ("", "argus:epcr:read", False),
        ("profile_read", "profile_read", True),
        ("profile_*", "profile_read", False),
        ("system/*.rs", "system/Patient.rs", True),
        ("system/Patient.rs", "system/Patient.r", True),
        ("system/Patient.r", "system/Patient.rs", False),
        ("system/Patient.rs", "system/Observation.rs", False),
        ("system/Patient.rs", "system/*.rs", False),
        ("system/*.*", "system/Patient.rs", False),
        ("system/", "system/Patient.rs", False),
        ("system/*.rs", "argus:epcr:read", False),
        ("argus:*", "system/Patient.rs", False),
    ],
)
def test_a_grant_covers_on_its_boundaries_only(granted: str, required: str, answer: bool) -> None:
    assert covers(granted, required) is answer
    caller = Principal(tenant_id="t", client_id="c", scopes=(granted,))
    assert caller.may(required) is answer


@pytest.mark.parametrize(
    "scope",
    ["*", "argus:*", "argus:epcr:*", "argus", "", "Argus:epcr", "a:b ", "system/*.rs", "a:b"],
)
def test_endpoints_require_scopes_of_the_catalogue_only(scope: str) -> None:
    with pytest.raises(AssertionError):
        check_required(scope)


@pytest.mark.parametrize(
    "scope",
    [
        *("system/*.*", "a:b\n", "a:*:b", "a:b:", ":a", "a b", "A:b", "", "system/Patient."),
        *("system/Patient.sr", "patient/Patient.rs", "system/Patient.rs?_id=1", "a:b\x00"),
        f"a:{'b' * 100}",
    ],
)
def test_misspelled_scopes_are_in_no_grant(scope: str) -> None:
    assert not is_well_formed(scope)
    assert not is_grantable(scope, is_internal=True)


def test_a_request_names_scopes_of_the_grant_or_means_all_of_it() -> None:
    allowed = ("cases:*", "openid")
    assert named_within("", allowed) == named_within("  ", allowed) == allowed
    assert named_within("openid cases:read openid", allowed) == ("openid", "cases:read")
    for text in ("patients:read", "openid patients:read", "openid  cases:read", "cases:r*"):
        assert named_within(text, allowed) is None
    assert named_within("", ()) == ()


def test_everything_at_once_is_for_internal_clients() -> None:
    assert not is_grantable("*")
    assert is_grantable("*", is_internal=True)


def test_only_what_opens_something_can_be_granted() -> None:
    assert is_grantable("argus:epcr:*")
    assert is_grantable("system/*.rs")
    assert not is_grantable("argus:unknown")
    assert not is_grantable("unknown:*")
    assert is_grantable("unknown:*", registered=["unknown:read"])


def test_the_narrower_form_is_what_two_grants_have_in_common() -> None:
    assert intersection(["cases:*"], ["cases:read"]) == ("cases:read",)
    assert intersection(["cases:read", "images:*"], ["cases:*", "patients:read"]) == ("cases:read",)
    assert intersection(["cases:read"], ["images:read"]) == ()


@given(grants, grants)
def test_an_intersection_allows_exactly_what_both_allow(left: list[str], right: list[str]) -> None:
    both = intersection(left, right)
    for name in NAMES:
        assert covered(both, name) == (covered(left, name) and covered(right, name))


def test_the_catalogue_names_each_scope_once_and_describes_it() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for scope in CATALOGUE:
        assert check_required(scope.name) == scope.name
        assert is_well_formed(scope.name)
        assert scope.description.endswith(".")
