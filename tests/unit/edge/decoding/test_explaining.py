"""`explain`: every way to write a code, and what is said of it."""

from __future__ import annotations

import json

import pytest

from edge.__main__ import main
from edge.decoding.explaining import explain
from edge.errors import SettingsError


@pytest.mark.parametrize(
    "text", ["MDC_PULS_OXIM_SAT_O2", "mdc_puls_oxim_sat_o2", "2:19384", "150456", "19384", "0x4BB8"]
)
def test_one_term_in_all_its_writings(text: str) -> None:
    meaning = explain(text)[0]
    assert meaning.reference_id == "MDC_PULS_OXIM_SAT_O2"
    assert (meaning.code, meaning.cf_code) == ("2:19384", 150456)
    assert meaning.ucum == ("%",)
    assert "59408-5" in meaning.loinc


@pytest.mark.parametrize(
    ("text", "kind", "reference_id"),
    [
        ("MDC_DIM_PERCENT", "unit", "MDC_DIM_PERCENT"),
        ("544", "unit", "MDC_DIM_PERCENT"),
        ("0x02BC", "standard configuration", "0x02BC"),
        ("MDC_ATTR_NU_VAL_OBS_BASIC", "attribute", "MDC_ATTR_NU_VAL_OBS_BASIC"),
        ("1:2636", "attribute", "MDC_ATTR_NU_VAL_OBS_BASIC"),
    ],
)
def test_what_is_no_physiological_term(text: str, kind: str, reference_id: str) -> None:
    assert (kind, reference_id) in {(item.kind, item.reference_id) for item in explain(text)}


def test_an_event_report_is_found_by_number_and_by_name() -> None:
    by_number = {item.reference_id for item in explain("0x0D1D")}
    assert "MDC_NOTI_SCAN_REPORT_FIXED" in by_number
    assert explain("MDC_NOTI_SCAN_REPORT_FIXED")[0].code == "1:3357"


def test_words_find_terms() -> None:
    assert "MDC_PULS_OXIM_SAT_O2" in {item.reference_id for item in explain("oxygen saturation")}


@pytest.mark.parametrize("text", ["MDC_PULS_OXIM_SAT_02", "-1", "99999999999", "xyzzy", ""])
def test_nothing_is_told_with_a_way_out(text: str) -> None:
    with pytest.raises(SettingsError, match="is no code this program knows") as caught:
        explain(text)
    assert caught.value.mend.startswith(("Did you mean MDC_", "Write MDC_"))
    assert "\n" not in str(caught.value)


def test_a_slip_of_the_pen_names_the_near_ones() -> None:
    with pytest.raises(SettingsError, match="Did you mean MDC_PULS_OXIM_SAT_O2"):
        explain("MDC_PULS_OXIM_SAT_02")


def test_a_state_tells_its_bits(capsys: pytest.CaptureFixture[str]) -> None:
    (status,) = explain("MDC_PULS_OXIM_DEV_STATUS")
    assert status.bits[0] == "0 sensor-disconnected: the sensor is unplugged from the device"
    assert len(status.bits) == 16
    assert main(["explain", "2:19532"]) == 0
    assert "\n    4 sensor-off: the sensor is not on the patient\n" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["MDC_ACT_SEG_GET_INFO", "1:3085", "1:6"])
def test_a_term_is_told_once(text: str) -> None:
    assert len(explain(text)) == 1


def test_the_command_in_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "MDC_DIM_MMHG", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ucum"][0] == "mm[Hg]"
    assert main(["explain", "150456"]) == 0
    assert "  name: Oxygen saturation\n" in capsys.readouterr().out
    assert main(["explain", "nothing-like-it"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("text", ["2a19", "0x2A19", "00002a19-0000-1000-8000-00805f9b34fb"])
def test_a_characteristic_by_its_uuid(text: str) -> None:
    assert ("GATT characteristic", "Battery Level") in {(m.kind, m.name) for m in explain(text)}


def test_a_service_by_its_uuid() -> None:
    assert "GATT service" in {meaning.kind for meaning in explain("180F")}


@pytest.mark.parametrize(
    ("text", "reference_ids"),
    [
        ("Cel", {"MDC_DIM_DEGC"}),
        ("mm[Hg]", {"MDC_DIM_MMHG"}),
        ("%", {"MDC_DIM_PERCENT"}),
        ("/min", {"MDC_DIM_PER_MIN", "MDC_DIM_BEAT_PER_MIN", "MDC_DIM_RESP_PER_MIN"}),
        ("{beat}/min", {"MDC_DIM_BEAT_PER_MIN"}),
    ],
)
def test_units_by_their_ucum_code(text: str, reference_ids: set[str]) -> None:
    meanings = explain(text)
    assert {item.kind for item in meanings} == {"unit"}
    assert {item.reference_id for item in meanings} == reference_ids


@pytest.mark.parametrize(
    ("text", "code"),
    [("2:61999", "2:61999"), ("193071", "2:61999"), ("61999", ""), ("0xFBFF", "")],
)
def test_a_number_of_the_vendor_range_is_said_to_be_one(text: str, code: str) -> None:
    (meaning,) = explain(text)
    assert (meaning.kind, meaning.code) == ("vendor range", code)


@pytest.mark.parametrize("text", ["2:64512", "0xFC00", "3:61439"])
def test_beside_the_vendor_range_an_unknown_number_stays_one(text: str) -> None:
    with pytest.raises(SettingsError, match="is no code this program knows"):
        explain(text)


def test_a_term_of_our_own_in_the_vendor_range_is_told_as_such() -> None:
    (meaning,) = explain("2:61440")
    assert (meaning.kind, meaning.name) == ("term", "Delivered shock energy")
