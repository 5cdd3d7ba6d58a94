"""`decode`: from hexadecimal lines, raw octets or capture files to a tree that people read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.__main__ import main
from edge.decoding.reading import read_pieces
from edge.decoding.report import decode_text
from edge.errors import SettingsError
from tests.vectors_folder import PHD_FILE, needs_vectors, phd

# 20601 Annex A by hand: RLRQ normal; ABRT undefined; Get of the MDS with invoke id 0x1234.
RELEASE = "e40000020000"
ABORT = "e60000020000"
GET = "e700000e000c123401030006000000000000"


def explain(text: str | bytes) -> list[dict[str, Any]]:
    data = text.encode() if isinstance(text, str) else text
    return [json.loads(line) for line in decode_text(data, as_json=True)]


def test_hexadecimal_lines_with_all_their_ornaments() -> None:
    text = f"# a comment\n{RELEASE}\n\nA>M E6 00 00:02-00,00  # aborts\n0x{GET}\n"
    assert [item["kind"] for item in explain(text)] == ["Rlrq", "Abrt", "RoivGet"]


def test_two_messages_on_one_line() -> None:
    assert [item["kind"] for item in explain(RELEASE + ABORT)] == ["Rlrq", "Abrt"]


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
        (bytes(100), "no message was found"),
        (b"\xe7\x00\x00\x0e\x00", "no message was found"),
    ],
)
def test_bad_input_is_one_clear_line(data: bytes, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        list(decode_text(data, as_json=False))
    assert "\n" not in str(caught.value)


@needs_vectors
def test_a_recorded_session_shows_its_values() -> None:
    text = "\n".join(decode_text(PHD_FILE.read_bytes(), as_json=False))
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
    assert capsys.readouterr().out == "Rlrq (6 octets)\n  reason: 0\n"
    assert main(["decode", str(tmp_path / "none")]) == 2
    assert main(["status", "--data", str(tmp_path / "none")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert all(line.startswith("vitalwire-edge: ") for line in errors)
