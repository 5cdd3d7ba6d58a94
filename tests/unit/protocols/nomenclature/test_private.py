"""Our own terms: all in the vendor range, all with a note that says so."""

from __future__ import annotations

from protocols.nomenclature.private import TERMS


def test_a_term_of_our_own_has_no_reference_id_and_says_that_10101_has_none() -> None:
    for row in TERMS:
        assert (row.code.partition, row.reference_id) == (2, "")
        assert 0xF000 <= row.code.term <= 0xFBFF
        assert "10101 has none" in row.note


def test_what_a_report_of_the_mission_needs_names_its_nemsis_element() -> None:
    named = {row.display: row.nemsis for row in TERMS if row.nemsis}
    assert named["Delivered shock energy"] == "eDevice.10"
    assert named["Number of shocks"] == "eDevice.11"
