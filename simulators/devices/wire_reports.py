"""From what a device measured to what it sends: readings -> scan reports."""

from __future__ import annotations

import numpy as np

from protocols.ieee20601 import report_building as wire
from protocols.ieee20601.configuration import Configuration
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from simulators.devices.base import Form, Reading, Report


def wire_report(configuration: Configuration, report: Report, number: int = 0) -> wire.Report:
    """The report as the configuration lays it out; EncodeError when it does not fit.

    `number` is its scan-report-no.
    """
    entries = [_entry(reading) for reading in report.readings]
    if report.form is Form.FIXED:
        return wire.fixed_report(configuration, entries, scan_report_no=number)
    return wire.variable_report(configuration, entries, scan_report_no=number)


def _entry(reading: Reading) -> wire.Entry:
    stamp = reading.observation.observed_at.device_time
    return wire.Entry(
        handle=reading.handle,
        value=wire_value(reading.observation),
        stamp=stamp.local if stamp else None,
    )


def wire_value(observation: Observation) -> wire.Value:
    """What was observed, as a report or a stored entry carries it."""
    match observation:
        case NumericObservation(value=quantity):
            return quantity.value
        case CompoundNumericObservation(components=components):
            return tuple(quantity.value for _, quantity in components)
        case SampleArrayObservation(samples=samples):
            return np.frombuffer(samples, dtype="<i4")
        case CodedObservation(value=code):
            return code
        case BitsObservation(bits=bits, width=width):
            return wire.Bits(bits, width)
    return observation.text
