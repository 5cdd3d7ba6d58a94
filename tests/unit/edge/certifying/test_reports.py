"""The report in its three forms, from one record."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edge.certifying.checks import CHECKS
from edge.certifying.findings import Record
from edge.certifying.report_page import as_html
from edge.certifying.reports import as_json, as_text
from edge.certifying.scripts import SCRIPTS
from tests.unit.edge.certifying.examined import Examined
from tests.unit.protocols.ieee20601.pair import START, describe


@pytest.fixture(scope="module")
def record() -> Record:
    spoken = replace(describe(), manufacturer="<Acme & Sons>", specializations=())
    record = Examined(mds=spoken).run(SCRIPTS[0])
    record.began, record.program = START, "vitalwire-edge 1.2.3"
    return record


def test_the_text_names_every_check_and_shows_the_octets_of_what_failed(record: Record) -> None:
    lines = list(as_text(record))
    assert lines[0] == "<Acme & Sons> OX-2"
    assert lines[1].startswith("  System-Id: 11-33-")
    assert lines[2:5] == [
        "  Serial number: 4711",
        "  Firmware: 1.2",
        "  Configuration: 0x0190",
    ]
    assert "  Examined: 2026-11-23 12:00:00 UTC" in lines
    assert "  By: vitalwire-edge 1.2.3" in lines
    for check in CHECKS:
        assert sum(f" {check.id} " in line for line in lines) == 1
    at = next(n for n, line in enumerate(lines) if "FAIL" in line)
    assert "MDS-6" in lines[at]
    assert "20601 6.3.2" in lines[at + 2]
    assert lines[at + 3].lstrip().startswith("A>M e700")
    assert lines[-1].endswith("not tried")


def test_the_json_holds_all_of_it(record: Record) -> None:
    document = json.loads(as_json(record))
    assert document["device"]["model"] == "OX-2"
    assert document["device"]["objects"][0] == {"handle": 1, "name": "MDC_PULS_OXIM_SAT_O2"}
    assert document["began"] == "2026-11-23T12:00:00+00:00"
    assert sum(document["counts"].values()) == len(CHECKS)
    (bad,) = [check for check in document["checks"] if check["verdict"] == "fail"]
    (position,) = bad["evidence"]
    assert document["messages"][position]["hex"].startswith("e700")
    assert document["messages"][0]["dir"] == "A>M"


def test_an_interrupted_run_says_so() -> None:
    whole, broken = Record(), Record(interrupted=True)
    line = "  Interrupted: before its end; the rest was not tried"
    assert line not in as_text(whole)
    assert line in as_text(broken)
    assert "<dt>Interrupted</dt>" in as_html(broken)
    assert [json.loads(as_json(r))["interrupted"] for r in (whole, broken)] == [False, True]


class Page(HTMLParser):
    """Ids, links and the depth at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        self.links.add((values.get("href") or "").removeprefix("#"))
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_escaped_and_its_links_lead_somewhere(record: Record) -> None:
    text = as_html(record)
    assert "<Acme" not in text
    assert "&lt;Acme &amp; Sons&gt;" in text
    assert "<dt>Firmware</dt><dd>1.2</dd>" in text
    page = Page()
    page.feed(text)
    assert not page.open
    assert len(page.ids) > len(record.messages)
    assert page.links <= page.ids
    assert "http" not in text
