"""Every report of the vectors with every configuration of theirs: compiled as interpreted."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Prst, decode_apdu
from protocols.ieee20601.compiled_reports import CompiledReports
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.remote_operations import EventReport
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import DEVICE, TWO_HOURS_AHEAD, reception
from tests.unit.protocols.ieee20601.test_compiled_reports import assert_equal
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors


def event_reports() -> Iterator[EventReport]:
    """Of all vectors that are APDUs; those broken on purpose break before the event-info."""
    for vector in phd()["vectors"]:
        try:
            apdu = decode_apdu(bytes.fromhex(vector["hex"]))
        except (DecodeError, ValueError):
            continue
        if isinstance(apdu, Prst) and isinstance(apdu.data.message, EventReport):
            yield apdu.data.message


def known(reports: list[EventReport]) -> Iterator[Configuration]:
    yield from STANDARD_CONFIGURATIONS.values()
    for report in reports:
        if report.event_type == EventType.CONFIG:
            try:
                yield decode_configuration(report.event_info)
            except DecodeError:
                continue


def test_every_report_is_read_as_the_interpreted_path_reads_it() -> None:
    reports = list(event_reports())
    compiled_reads = 0
    for configuration in known(reports):
        compiled = CompiledReports(configuration, DEVICE)
        for report in reports:
            assert_equal(compiled, report, reception(TWO_HOURS_AHEAD))
            compiled_reads += compiled.read(report, reception()) is not None
    assert compiled_reads >= 10
