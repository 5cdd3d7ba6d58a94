"""Wildcards stand for whole parts on a colon, and never in what an endpoint requires."""

from __future__ import annotations

import pytest

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import CATALOGUE, check_required, covers, is_well_formed


@pytest.mark.parametrize(
    ("granted", "required", "answer"),
    [
        ("argus:epcr:read", "argus:epcr:read", True),
        ("argus:epcr:*", "argus:epcr:read", True),
        ("argus:*", "argus:epcr:read", True),
        ("*", "argus:epcr:read", True),
        ("argus:epcr:read", "argus:epcr:write", False),
        ("case:*", "cases:read", False),
        ("argus:epc*", "argus:epcr:read", False),
        ("argus:epcr", "argus:epcr:read", False),
        ("argus:epcr:*", "argus:epcr", False),
        ("argus:epcr:read", "argus:epcr:*", False),
        ("argus:epcr:*", "argus:epcr:*", True),
        ("argus:epcr:*", "argus:*", False),
        ("", "argus:epcr:read", False),
    ],
)
def test_a_grant_covers_on_colon_boundaries_only(granted: str, required: str, answer: bool) -> None:
    assert covers(granted, required) is answer
    caller = Principal(tenant_id="t", client_id="c", scopes=(granted,))
    assert caller.may(required) is answer


@pytest.mark.parametrize(
    "scope", ["*", "argus:*", "argus:epcr:*", "argus", "", "Argus:epcr", "a:b "]
)
def test_endpoints_require_concrete_scopes_only(scope: str) -> None:
    with pytest.raises(AssertionError):
        check_required(scope)


@pytest.mark.parametrize("scope", ["system/*.*", "a:b\n", "a:*:b", "a:b:", ":a", "a b", "A:b", ""])
def test_misspelled_scopes_are_in_no_grant(scope: str) -> None:
    assert not is_well_formed(scope)


def test_the_catalogue_names_each_scope_once_and_describes_it() -> None:
    names = [scope.name for scope in CATALOGUE]
    assert len(set(names)) == len(names)
    for scope in CATALOGUE:
        assert check_required(scope.name) == scope.name
        assert scope.description.endswith(".")
