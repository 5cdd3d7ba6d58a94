"""Our own terms: all in the vendor range, all with a note that says so."""

from __future__ import annotations

from protocols.nomenclature.private import TERMS


def test_a_term_of_our_own_has_no_reference_id_and_says_that_10101_has_none() -> None:
    for row in TERMS:
        assert (row.code.partition, row.reference_id) == (2, "")
        assert 0xF000 <= row.code.term <= 0xFBFF
        assert "10101 has none" in row.note


def test_what_a_report_of_the_mission_needs_names_its_nemsis_element() -> None:
    named = {row.display: row.nemsis for row in TERMS}
    elements = {
        "Delivered shock energy": "eDevice.10",
        "Number of shocks": "eDevice.11",
        "Defibrillator event": "eDevice.03",
        "Monitor event": "eDevice.03",
        "Pacing rate": "eDevice.12",
    }
    assert {name: named[name] for name in elements} == elements


def test_a_number_once_given_keeps_its_meaning() -> None:
    given = {
        0xF000: "Delivered shock energy",
        0xF001: "Number of shocks",
        0xF002: "Transthoracic impedance at shock",
        0xF003: "Defibrillator event",
        0xF004: "Monitor event",
        0xF005: "Chest compression rate",
        0xF006: "Chest compression depth",
        0xF007: "Pacing rate",
        0xF008: "Pacing current",
        0xF010: "Defibrillator charged",
        0xF011: "Shock delivered",
        0xF012: "Return of spontaneous circulation",
        0xF100: "Quality of a continuous glucose reading",
    }
    displays = {row.code.term: row.display for row in TERMS}
    assert {number: displays[number] for number in given} == given
