"""Every attribute stands once under its id."""

from __future__ import annotations

from protocols.ieee20601 import attribute_table as at


def test_an_attribute_is_found_and_named_by_its_id() -> None:
    assert at.ATTRIBUTES[2646] is at.NU_VAL_OBS_SIMP
    assert at.name_of(2646) == "MDC_ATTR_NU_VAL_OBS_SIMP"


def test_an_unknown_attribute_is_named_by_partition_and_number() -> None:
    assert at.name_of(0xF123) == "1:61731"


def test_no_name_is_given_twice() -> None:
    names = [kind.ref_id for kind in at.ATTRIBUTES.values()]
    assert len(names) == len(set(names))
