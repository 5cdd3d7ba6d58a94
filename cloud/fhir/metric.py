"""DeviceMetric: what of a monitor measured (HL7 point-of-care guide).

A monitor of several parameters is told by that guide: its readings refer to a metric, and the
metric to the monitor. Every other device is a personal health device, whose readings refer to it.
One family a device, never both.
"""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import HandoverDevice
from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems, terms
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import NumericObservation, Observation, SampleArrayObservation

MONITOR_CLASS: Final = "multiparameter"


def is_monitor(device: HandoverDevice) -> bool:
    """Whether the device is told as a monitor with metrics."""
    return device.device_class == MONITOR_CLASS


def metric_name(device_id: str, code: MdcCode) -> str:
    """The local name of a device's metric."""
    return f"{device_id}:{code.cf_code}"


def metric(names: Names, stored: StoredObservation) -> Element:
    """The metric that gave a reading, local name `metric_name`."""
    observation = stored.observation
    local = metric_name(stored.device_id, observation.type)
    unit = _unit(observation)
    return element(
        resourceType="DeviceMetric",
        identifier=[{"system": systems.METRIC, "value": names.within_tenant("Metric", local)}],
        type=terms.own_concept(observation.type),
        unit=terms.unit_concept(unit) if unit else None,
        source=names.reference("Device", stored.device_id),
        operationalStatus="on",
        category="measurement",
    )


def _unit(observation: Observation) -> UnitCode | None:
    if isinstance(observation, NumericObservation):
        return observation.value.unit
    return observation.unit if isinstance(observation, SampleArrayObservation) else None
