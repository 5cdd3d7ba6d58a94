"""A run's outcome as one HTML page that needs nothing else: checks, octets and trees."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from edge.certifying.checks import GROUPS, Verdict
from edge.certifying.findings import Finding, Record
from edge.certifying.reports import facts, heading
from edge.decoding.messages import ExchangeReader
from edge.decoding.node import lines_of
from protocols.captures import AGENT_TO_MANAGER
from protocols.errors import DecodeError

_MOST_SHOWN: Final = 8


def as_html(record: Record) -> str:
    """One page that needs nothing else: the checks, and every message as octets and tree."""
    failed = [found for found in record.findings() if found.verdict is Verdict.FAIL]
    first = _group_rows("What failed", failed) if failed else ""
    rows = first + "".join(
        _group_rows(group, [f for f in record.findings() if f.check.group == group])
        for group in GROUPS
    )
    reader = ExchangeReader()
    exchange = "".join(_message_row(record, n, reader) for n in range(len(record.messages)))
    counts = "".join(
        f'<div class="count {verdict.name.lower()}"><b>{record.counts()[verdict]}</b>'
        f"{verdict.value}</div>"
        for verdict in Verdict
    )
    about = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in facts(record)
    )
    return _PAGE.format(
        title=escape(heading(record)),
        about=about,
        counts=counts,
        rows=rows,
        exchange=exchange,
        style=_STYLE,
    )


def _group_rows(title: str, findings: Iterable[Finding]) -> str:
    rows = [f'<tr class="group"><th colspan="3">{escape(title)}</th></tr>']
    for finding in findings:
        check = finding.check
        detail = "" if finding.verdict is Verdict.PASS else finding.detail
        links = " ".join(
            f'<a href="#m{position}">message {position + 1}</a>'
            for position in finding.evidence[:_MOST_SHOWN]
        )
        rows.append(
            f'<tr class="{finding.verdict.name.lower()}"><td class="verdict">'
            f"{escape(finding.verdict.value)}</td><td><b>{check.id}</b> {escape(check.title)}"
            f'<div class="detail">{escape(detail)} {links}</div></td>'
            f'<td class="clause">{escape(check.clause)}</td></tr>'
        )
    return "".join(rows)


def _message_row(record: Record, position: int, reader: ExchangeReader) -> str:
    message = record.messages[position]
    try:
        kind, node = reader.read(message.octets)
        tree = [*lines_of(node), *(f"! {warning}" for warning in reader.warnings)]
    except DecodeError as exc:
        kind, tree = "against the rules", [str(exc)]
    side = "agent" if message.direction == AGENT_TO_MANAGER else "manager"
    seconds = 0.0 if message.seconds is None else message.seconds
    return (
        f'<details class="{side}"><summary>{position + 1}. '
        f"{seconds:.3f} s {side}: {escape(kind)} ({len(message.octets)} octets)</summary>"
        f'<pre class="octets" id="m{position}">{escape(_spaced(message.octets))}</pre>'
        f"<pre>{escape(chr(10).join(tree))}</pre></details>"
    )


def _spaced(octets: bytes) -> str:
    lines = [octets[start : start + 16] for start in range(0, len(octets), 16)]
    return "\n".join(f"{n * 16:>5}  {line.hex(' ')}" for n, line in enumerate(lines))


_STYLE: Final = """
:root { color-scheme: light dark; --ok: #1a7f4b; --bad: #b3261e; --dim: #6b7280; --line: #8884; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
h1 { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.counts { display: flex; gap: 1rem; flex-wrap: wrap; }
.count { border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1.2rem; }
.count b { display: block; font-size: 1.8rem; }
.count.pass b, .pass .verdict { color: var(--ok); }
.count.fail b, .fail .verdict { color: var(--bad); }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .35rem .6rem; }
td, th { border-bottom: 1px solid var(--line); }
.group th { padding-top: 1.2rem; } .verdict { white-space: nowrap; font-weight: 600; }
.not_tried td { color: var(--dim); }
.detail { color: var(--dim); font-size: .9em; overflow-wrap: anywhere; }
.pass .detail { display: inline; margin-left: .4rem; }
.fail .detail { color: inherit; } .detail a { white-space: nowrap; }
.clause { color: var(--dim); font-size: .85em; }
details { border-left: .25rem solid var(--line); margin: .3rem 0; padding: .1rem .6rem; }
details.manager { border-left-color: #4b7bec; } pre:target { outline: 2px solid var(--bad); }
pre { overflow-x: auto; font-size: .82rem; } .octets { color: var(--dim); }
@media (max-width: 40rem) {
  tr { display: grid; grid-template-columns: 4.6rem 1fr; border-bottom: 1px solid var(--line); }
  dl { display: block; } dd { margin-bottom: .3rem; }
  td, th { border: 0; padding: .2rem 0; } .group { display: block; } .clause { grid-column: 2; }
  details { padding-right: 0; } summary { overflow-wrap: anywhere; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .72rem; }
  .octets { white-space: pre; font-size: min(.72rem, 2.55vw); }
}
"""
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>20601 conformance: {title}</title><style>{style}</style></head>
<body><h1>20601 conformance of {title}</h1>
<dl>{about}</dl>
<div class="counts">{counts}</div>
<table>{rows}</table>
<h2>The exchange</h2>
{exchange}
</body></html>
"""
