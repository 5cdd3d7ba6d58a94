"""`decode`: from hexadecimal lines, raw octets or capture files to a tree that people read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.__main__ import main
from edge.decoding.reading import read_pieces
from edge.decoding.report import Decoding, kind_of
from edge.errors import SettingsError
from protocols.captures import Capture, CapturedMessage, format_capture
from tests.vectors_folder import PHD_FILE, needs_vectors, phd

# 20601 Annex A by hand: RLRQ normal; ABRT undefined; Get of the MDS with invoke id 0x1234.
RELEASE = "e40000020000"
ABORT = "e60000020000"
GET = "e700000e000c123401030006000000000000"


def explain(text: str | bytes, kind: str = "apdu") -> list[dict[str, Any]]:
    data = text.encode() if isinstance(text, str) else text
    return [json.loads(line) for line in Decoding(kind=kind_of(kind), as_json=True).lines(data)]


def in_words(data: bytes) -> str:
    return "\n".join(Decoding().lines(data))


def test_hexadecimal_lines_with_all_their_ornaments() -> None:
    text = f"# a comment\n{RELEASE}\n\nA>M E6 00 00:02-00,00  # aborts\n0x{GET}\n"
    assert [item["kind"] for item in explain(text)] == ["Rlrq", "Abrt", "RoivGet"]


def test_two_messages_on_one_line() -> None:
    assert [item["kind"] for item in explain(RELEASE + ABORT)] == ["Rlrq", "Abrt"]


@pytest.mark.parametrize("digits", ["0x16 0x26", "0x16, 0X26,", r"\x16\x26", "16:26", "0x1626"])
def test_digits_as_they_stand_in_sources(digits: str) -> None:
    assert [item["raw"] for item in explain(digits, "sfloat")] == ["1626"]


def recorded(*reads: tuple[str, str]) -> bytes:
    messages = [CapturedMessage(way, None, bytes.fromhex(digits)) for way, digits in reads]
    return format_capture(Capture("x", tuple(messages))).encode()


def test_a_message_that_came_in_several_reads_is_one() -> None:
    capture = recorded(("A>M", "e4"), ("M>A", ABORT), ("A>M", "000002"), ("A>M", "0000" + ABORT))
    pieces = list(read_pieces(capture))
    assert [(piece.octets.hex(), piece.where) for piece in pieces] == [
        (ABORT, "message 2 of x"),
        (RELEASE, "message 1 of x"),
        (ABORT, "message 4 of x"),
    ]


def test_the_rest_of_a_message_that_never_came_hides_no_other() -> None:
    capture = recorded(("A>M", "e4000002"), ("A>M", ABORT), ("A>M", "e400000200"))
    items = [json.loads(line) for line in Decoding(as_json=True, keep_going=True).lines(capture)]
    assert [item["kind"] for item in items] == ["error", "Abrt", "error"]


def test_raw_octets() -> None:
    found = explain(bytes.fromhex(RELEASE + GET))
    assert [item["kind"] for item in found] == ["Rlrq", "RoivGet"]
    assert found[1]["raw"] == GET
    assert found[1]["fields"] == {"invoke_id": 0x1234, "handle": 0, "attribute_ids": []}


def test_raw_octets_with_noise_and_an_unfinished_end_are_told() -> None:
    found = explain(bytes(5) + bytes.fromhex(RELEASE + GET + "e70000"))
    assert found[0]["warnings"] == ["5 octets of the input belong to no message"]
    assert found[-1]["warnings"] == ["the input ends within a message"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"hello", "line 1 is not pairs"),
        (b"e4000\n", "line 1 is not pairs"),
        (f"{RELEASE}\nzz\n".encode(), "line 2 is not pairs"),
        (b"e400", "line 1 is no 20601 message"),
        (b"a1b2c3d4e5", "line 1 is no 20601 message"),
        (b"{}", "no capture file"),
        (b'{"sessions": 5}', "no capture file"),
        (b"1x2\n", "line 1 is not pairs"),
        (b"110x22\n", "line 1 is not pairs"),
        (b"# nothing\n", "nothing but comments"),
        (bytes(100), "no message was found"),
        (b"\xe7\x00\x00\x0e\x00", "no message was found"),
    ],
)
def test_bad_input_is_one_clear_line(data: bytes, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        in_words(data)
    assert "\n" not in str(caught.value)


@needs_vectors
def test_a_recorded_session_shows_its_values() -> None:
    text = in_words(PHD_FILE.read_bytes())
    assert "== antidote-bloodpressure" in text
    assert "0: 133\n" in text
    assert "MDC_ATTR_TIME_STAMP_ABS: 2026-11-23T01:52:51.500" in text
    assert "manufacturer: Novo Nordisk A/S" in text
    assert "!" not in text.split("== novopen-pmstore", 1)[0], "no warning in the first session"


@needs_vectors
def test_every_vector_that_is_an_apdu_is_explained_or_refused_in_one_line() -> None:
    explained, refused = 0, []
    for vector in phd()["vectors"]:
        digits = str(vector.get("hex", ""))
        try:
            list(read_pieces(digits.encode()))
            explained += len(explain(digits))
        except SettingsError as exc:
            refused.append(str(exc))
    assert explained > 20
    assert not [text for text in refused if "\n" in text]


def test_the_command_reads_files_and_tells_errors(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "octets"
    path.write_text(RELEASE, encoding="utf-8")
    assert main(["decode", str(path)]) == 0
    assert capsys.readouterr().out == "Rlrq (6 octets)\n        4-5  reason: 0 (NORMAL)\n"
    assert main(["decode", str(tmp_path / "none")]) == 2
    assert main(["status", "--data", str(tmp_path / "none")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert all(line.startswith("vitalwire-edge: ") for line in errors)


@pytest.mark.parametrize(
    ("kind", "digits", "value"),
    [
        ("sfloat", "e16c", "3.64"),
        ("sfloat", "07ff", "NaN"),
        ("sfloat", "0800", "NRes"),
        ("sfloat", "0801", "RESERVED"),
        ("sfloat", "7001", "10000000"),
        ("sfloat_le", "01fe", "-51.1"),
        ("float", "007ffffe", "+INFINITY"),
        ("flt", "00800002", "-INFINITY"),
        ("float_le", "160100ff", "27.8"),
        ("fcs", "313233343536373839", "0x906E"),
        ("crc", "313233343536373839", "0x6F91"),
    ],
)
def test_numbers_and_checksums_give_one_exact_value(kind: str, digits: str, value: str) -> None:
    (item,) = explain(digits, kind)
    assert item["fields"] == {"value": value}
    assert item["raw"] == digits
    assert item["kind"] == kind_of(kind).names[0]


def test_an_item_that_is_no_number_is_told_by_its_line() -> None:
    with pytest.raises(SettingsError, match="line 2 is no sfloat"):
        explain("f16c\nf1\n", "sfloat")


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="Choose one of: apdu, float"):
        kind_of("bmp")


def test_going_on_tells_the_bad_item_in_its_place() -> None:
    decoding = Decoding(as_json=True, keep_going=True)
    items = [json.loads(line) for line in decoding.lines(f"{RELEASE}\na1b2c3\n{ABORT}".encode())]
    assert [item["kind"] for item in items] == ["Rlrq", "error", "Abrt"]
    assert items[1]["raw"] == "a1b2c3"
    assert decoding.failures == 1
    words = list(Decoding(keep_going=True).lines(b"a1b2c3\n"))
    assert words[0].startswith("! line 1 is no 20601 message")


@needs_vectors
def test_every_range_holds_what_its_field_says() -> None:
    """Fields lie within their parents, in order, without overlap; octet strings are there."""
    looked_at = 0
    for vector in phd()["vectors"]:
        if vector["decoder"] != "apdu" or vector["category"] == "negative":
            continue
        for item in explain(vector["hex"]):
            raw = bytes.fromhex(item["raw"])
            for path, (start, end) in item["ranges"].items():
                assert 0 <= start <= end <= len(raw), path
                parent = path.rpartition(".")[0]
                if parent in item["ranges"]:
                    first, last = item["ranges"][parent]
                    assert first <= start <= end <= last, path
                if path.endswith((".handle", "invoke_id", ".scan_report_no")):
                    assert look_up(item["fields"], path) == int.from_bytes(raw[start:end], "big")
                    looked_at += 1
    assert looked_at > 100


def look_up(tree: dict[str, Any], path: str) -> object:
    found: Any = tree
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


@needs_vectors
def test_a_lenient_reading_says_why_strict_rules_refuse() -> None:
    (vector,) = [v for v in phd()["vectors"] if v["id"] == "scan-fixed-thermometer"]
    (item,) = explain(vector["hex"])
    assert any("announced 4" in warning or "4 members" in warning for warning in item["warnings"])


@needs_vectors
def test_stored_entries_and_grouped_values_are_laid_out() -> None:
    items = explain(PHD_FILE.read_bytes())
    (page,) = [i for i in items if "entries" in i["fields"].get("event_info", {})]
    entries = page["fields"]["event_info"]["entries"]
    assert [entry["relative_time"] for entry in entries] == [116177, 331, 0]
    (dose,) = [value for name, value in entries[0].items() if name.startswith("130:13313")]
    assert dose == {"MDC_ATTR_NU_VAL_OBS_SIMP": "3.0"}


def test_the_command_exports_to_pcap_and_reads_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "lines", tmp_path / "out.pcap"
    source.write_text(f"A>M {RELEASE}\nM>A {ABORT}\n", encoding="utf-8")
    assert main(["decode", str(source), "--pcap", str(target)]) == 0
    assert main(["decode", "--json", str(target)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 packets"
    assert [json.loads(line)["kind"] for line in lines[1:]] == ["Rlrq", "Abrt"]
    assert main(["decode", str(source), "--pcap", str(tmp_path / "no" / "folder")]) == 2
    target.write_bytes(target.read_bytes()[:30])
    assert main(["decode", str(target)]) == 2


def test_going_on_passes_a_line_that_is_no_octets() -> None:
    decoding = Decoding(keep_going=True)
    lines = list(decoding.lines(f"zz\n{RELEASE}\n".encode()))
    assert lines[0] == "! line 1 is not pairs of hexadecimal digits"
    assert lines[1].startswith("Rlrq")
    assert decoding.failures == 1


def test_octets_of_no_known_text_stay_octets() -> None:
    # RORS Get of the MDS: an attribute nobody knows whose octets are the letters ABCD.
    attribute = "f123" + "0004" + "41424344"
    body = "0000" + "0001" + "0008" + attribute
    data = "0001" + "0203" + f"{len(body) // 2:04x}" + body
    apdu = f"e700{len(data) // 2 + 2:04x}{len(data) // 2:04x}{data}"
    (item,) = explain(apdu)
    assert item["fields"]["attributes"] == {"1:61731": "41424344"}


def test_one_capture_of_a_file_is_chosen_by_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = '{"capture": "vitalwire", "version": 1, "id": "%s"}'
    line = '{"t": 0.0, "dir": "A>M", "hex": "%s"}'
    path, target = tmp_path / "two.jsonl", tmp_path / "out.pcap"
    path.write_text("\n".join([head % "a", line % RELEASE, head % "b", line % ABORT, ""]))
    assert main(["decode", f"{path}#b"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["== b", "A>M Abrt (6 octets)"]
    assert main(["decode", str(path), "--pcap", str(target)]) == 2
    assert "holds a, b. Choose one by FILE#ID." in capsys.readouterr().err
    assert main(["decode", f"{path}#a", "--pcap", str(target)]) == 0
    assert main(["decode", "--as", "plx", f"{path}#none", "--pcap", str(target)]) == 2


def test_a_capture_that_is_not_in_the_file_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = '{"capture": "vitalwire", "version": 1, "id": "%s"}'
    line = '{"t": 0.0, "dir": "A>M", "hex": "%s"}'
    path, plain = tmp_path / "two.jsonl", tmp_path / "plain.hex"
    path.write_text("\n".join([head % "a", line % RELEASE, head % "b", line % ABORT, ""]))
    plain.write_text(RELEASE)
    assert main(["decode", f"{path}#c"]) == 2
    assert capsys.readouterr().err == (
        "vitalwire-edge: the input holds no capture 'c'. Choose one of: a, b.\n"
    )
    assert main(["decode", f"{plain}#c"]) == 2
    assert "Leave the # and what follows away." in capsys.readouterr().err


@pytest.mark.parametrize("magic", ["a1b2c3d4", "4d3cb2a1", "0a0d0d0a"])
def test_other_kinds_of_pcap_are_told_apart(magic: str) -> None:
    with pytest.raises(SettingsError, match="no PCAP file of ours"):
        explain(bytes.fromhex(magic) + bytes(60))


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edge", "decode", "-"],
            input=RELEASE.encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"vitalwire-edge: the output's disk is full. Make room.\n"


def test_attributes_that_come_again_are_all_there() -> None:
    value = "0a4c" + "0002" + "0062"
    body = "0000" + "0003" + "0012" + 3 * value
    data = "0001" + "0203" + f"{len(body) // 2:04x}" + body
    (item,) = explain(f"e700{len(data) // 2 + 2:04x}{len(data) // 2:04x}{data}")
    assert list(item["fields"]["attributes"]) == [
        "MDC_ATTR_NU_VAL_OBS_BASIC",
        "MDC_ATTR_NU_VAL_OBS_BASIC (2)",
        "MDC_ATTR_NU_VAL_OBS_BASIC (3)",
    ]
