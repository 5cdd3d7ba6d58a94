"""The last snapshot as Prometheus text, on a port of its own when the operator wants one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from edge.clock import ClockQuality
from edge.drivers.health import DeviceState
from edge.errors import StartError
from edge.status.snapshot import Snapshot
from edge.uplink.window import Standing

log = logging.getLogger(__name__)

_DEVICE_COUNTS: Final = {
    "associations": "Associations that came to operate",
    "reports": "Reports stored, with their observations",
    "confirmed": "Confirmed reports answered after they were durable",
    "observations": "Observations reported",
    "stored": "Observations that were new to the buffer",
    "repeated": "Observations that waited in the buffer already",
    "refused": "Reports not stored because there was no room",
    "missed": "Reports that never arrived, by the device's own count",
    "samples_missed": "Waveform samples that never arrived, by the stamps around them",
    "silences": "Times a device that reports steadily fell silent",
    "clock_sets": "Times the gateway set the device's clock",
    "discarded_octets": "Octets that belonged to no message",
    "warnings": "Oddities that were tolerated",
    "failures": "Times its line broke or could not be opened",
    "faults": "Times a fault of the program ended its driver",
    "reconnects": "Times a line that had been there was there again",
    "watchdog_trips": "Times a line that gave nothing was torn down",
}
_CREW_GAUGES: Final = {
    "screens": "Screens that watch the crew page",
    "unlocked": "Screens that are unlocked",
    "wrong_pins": "Wrong PINs since the last right one",
    "events": "Events in the crew's own book",
    "events_outside_buffer": "Events that the buffer has not taken yet",
    "photographs_outside_buffer": "Photographs that the buffer has not taken whole yet",
}
_UPLINK_COUNTS: Final = {
    "batches": "Batches acknowledged by the cloud",
    "rows": "Rows acknowledged by the cloud",
    "retries": "Batches sent again",
    "quarantined": "Rows the cloud refused for ever",
}
_LINK_GAUGES: Final = (
    ("up", "1 while the way is up", "is_up"),
    ("used", "1 for the way that carries the batches now", "is_used"),
    ("round_trip_seconds", "Batch to acknowledgement, the middle one", "round_trip_seconds"),
    ("octets_per_second", "Acknowledged octets while any were under way", "octets_per_second"),
    ("failure_share", "Share of the attempts that were vain", "failure_share"),
)


class SnapshotCollector(Collector):
    """Reads the newest snapshot at every scrape; safe from any thread, for it is never changed."""

    def __init__(self, latest: Callable[[], Snapshot]) -> None:
        self._latest = latest

    def collect(self) -> Iterator[Metric]:
        """All metrics of the snapshot; none before the first one."""
        snapshot = self._latest()
        if not snapshot:
            return
        yield from _device_metrics(snapshot["devices"])
        yield from _radio_metrics(snapshot.get("radio"))
        yield from _task_metrics(snapshot["tasks"], snapshot["restarts_held_back"])
        yield from _recorder_metrics(snapshot["recorder"])
        yield from _buffer_metrics(snapshot["buffer"])
        yield from _uplink_metrics(snapshot["uplink"])
        yield from _crew_metrics(snapshot.get("crew"))
        delays = snapshot["report_to_durable"]
        buckets = [(str(bound), count) for bound, count in delays["buckets"]]
        yield HistogramMetricFamily(
            "vitalwire_edge_report_to_durable_seconds",
            "From a report's octets to the disk",
            buckets=[*buckets, ("+Inf", delays["count"])],
            sum_value=delays["sum_seconds"],
        )
        recovery = snapshot.get("recovery")
        yield GaugeMetricFamily(
            "vitalwire_edge_buffer_set_aside",
            "1 when this start found the buffer's file damaged and set it aside",
            value=float(recovery is not None),
        )
        yield GaugeMetricFamily(
            "vitalwire_edge_buffer_salvaged",
            "Rows read from the file that this start set aside",
            value=recovery["salvaged"] if recovery else 0,
        )
        yield GaugeMetricFamily(
            "vitalwire_edge_clock_synchronised",
            "1 while something outside vouches for the wall clock",
            value=float(snapshot["clock"]["quality"] == ClockQuality.SYNCHRONISED.value),
        )
        yield CounterMetricFamily(
            "vitalwire_edge_clock_steps",
            "Times the wall clock was set",
            value=snapshot["clock"]["steps"],
        )


def _crew_metrics(crew: dict[str, Any] | None) -> Iterator[Metric]:
    for name, text in _CREW_GAUGES.items() if crew else ():
        yield GaugeMetricFamily(f"vitalwire_edge_crew_{name}", text, value=(crew or {})[name])


def serve_metrics(host: str, port: int, latest: Callable[[], Snapshot]) -> Callable[[], None]:
    """Serve them; gives what stops it. StartError when the port is taken."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(latest))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as exc:
        raise StartError(
            f"port {port} on {host} cannot serve metrics ({(exc.strerror or '').lower()})",
            mend="Choose another address in 'metrics_listen'",
        ) from exc
    log.info("metrics served port=%d", server.server_port)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def _device_metrics(devices: list[dict[str, Any]]) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "vitalwire_edge_device_state", "1 for the state a device is in", labels=["device", "state"]
    )
    for device in devices:
        for state in DeviceState:
            is_in = float(device["state"] == state.value)
            states.add_metric([device["name"], state.value], is_in)
    yield states
    for name, text in _DEVICE_COUNTS.items():
        family = CounterMetricFamily(f"vitalwire_edge_device_{name}", text, labels=["device"])
        for device in devices:
            family.add_metric([device["name"]], device[name])
        yield family
    yield from _condition_metrics(devices)


def _condition_metrics(devices: list[dict[str, Any]]) -> Iterator[Metric]:
    for name, text, key in (
        ("clock_wrong", "1 while the device's clock is wrong", "clock_fault"),
        ("battery_low", "1 while its battery is low", "is_battery_low"),
    ):
        family = GaugeMetricFamily(f"vitalwire_edge_device_{name}", text, labels=["device"])
        for device in devices:
            family.add_metric([device["name"]], float(bool(device[key])))
        yield family
    for name, text, key in (
        ("battery_percent", "How full its battery is", "battery_percent"),
        ("rssi_dbm", "How strong its radio was heard last", "rssi_dbm"),
    ):
        family = GaugeMetricFamily(f"vitalwire_edge_device_{name}", text, labels=["device"])
        for device in devices:
            if device[key] is not None:
                family.add_metric([device["name"]], device[key])
        yield family


def _radio_metrics(radio: dict[str, Any] | None) -> Iterator[Metric]:
    if radio is None:
        return
    yield GaugeMetricFamily(
        "vitalwire_edge_radio_up", "1 while an adapter can be used", value=float(radio["is_up"])
    )
    for name, text, value in (
        ("rebuilds", "Times the radio was built anew", radio["rebuilds"]),
        ("wedges", "Connects the host was stuck in", radio["wedges"]),
        ("scan_restarts", "Scanners that heard nobody", radio["scanner"]["restarts"]),
        ("power_cycles", "Adapters switched off and on", radio["scanner"]["power_cycles"]),
        ("usb_resets", "Adapters reset over USB", radio["usb_resets"]),
    ):
        yield CounterMetricFamily(f"vitalwire_edge_radio_{name}", text, value=value)


def _task_metrics(tasks: list[dict[str, Any]], held_back: int) -> Iterator[Metric]:
    running = GaugeMetricFamily(
        "vitalwire_edge_task_running", "1 while it runs", labels=["group", "name"]
    )
    counts = {
        "failures": "Times it stopped and had to be started again",
        "faults": "Times a fault of the program stopped it",
    }
    # Agents come and go by the port they call from: each would be a series of its own.
    lasting = [task for task in tasks if task["group"] != "agent"]
    for task in lasting:
        running.add_metric([task["group"], task["name"]], float(task["state"] == "runs"))
    yield running
    for key, text in counts.items():
        family = CounterMetricFamily(f"vitalwire_edge_task_{key}", text, labels=["group", "name"])
        for task in lasting:
            family.add_metric([task["group"], task["name"]], task[key])
        yield family
    yield CounterMetricFamily(
        "vitalwire_edge_restarts_held_back",
        "Restarts that waited because too much was starting again",
        value=held_back,
    )


def _recorder_metrics(recorder: dict[str, Any]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "vitalwire_edge_recorder_bytes", "Octets of the ring on disk", value=recorder["octets"]
    )
    for key, text in (
        ("written_octets", "Octets of devices recorded"),
        ("lost_octets", "Octets let go because the disk did not take them in time"),
        ("faults", "Times the disk refused"),
        ("removed_segments", "Files that gave way to younger ones"),
    ):
        yield CounterMetricFamily(f"vitalwire_edge_recorder_{key}", text, value=recorder[key])


def _buffer_metrics(buffer: dict[str, Any]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "vitalwire_edge_buffer_waiting", "Rows not yet acknowledged", labels=["stream"]
    )
    for stream, count in buffer["waiting"].items():
        waiting.add_metric([stream], count)
    yield waiting
    for name, text, value in (
        ("oldest_seconds", "Age of the oldest row", buffer["oldest_seconds"] or 0.0),
        ("used_bytes", "Octets of the store in use", buffer["octets_used"]),
        ("most_bytes", "Octets the store may use", buffer["octets_most"]),
        ("prepared", "Rows that wait and are written already", buffer["prepared"]),
        ("full", "1 while reports are refused for lack of room", float(buffer["is_full"])),
        ("quarantine", "Rows set apart", buffer["quarantine"]),
    ):
        yield GaugeMetricFamily(f"vitalwire_edge_buffer_{name}", text, value=value)
    totals = CounterMetricFamily(
        "vitalwire_edge_buffer_rows",
        "Rows over all starts, by what became of them",
        labels=["fate"],
    )
    for fate, count in buffer["totals"].items():
        totals.add_metric([fate], count)
    yield totals


def _uplink_metrics(uplink: dict[str, Any]) -> Iterator[Metric]:
    links = uplink["links"]
    for name, text, key in _LINK_GAUGES:
        family = GaugeMetricFamily(f"vitalwire_edge_link_{name}", text, labels=["way"])
        for link in links:
            if (value := link[key]) is not None:
                family.add_metric([link["way"]], float(value))
        yield family
    vain = GaugeMetricFamily(
        "vitalwire_edge_link_vain", "1 while the way acknowledges nothing", labels=["way"]
    )
    standings = GaugeMetricFamily(
        "vitalwire_edge_link_standing",
        "1 for what the last while says of the way",
        labels=["way", "standing"],
    )
    uses = CounterMetricFamily(
        "vitalwire_edge_link_uses", "Times the way became the one that is used", labels=["way"]
    )
    for link in links:
        vain.add_metric([link["way"]], float(link["vain_since"] is not None))
        uses.add_metric([link["way"]], link["uses"])
        for standing in Standing:
            is_it = float(link["standing"] == standing.value)
            standings.add_metric([link["way"], standing.value], is_it)
    yield from (vain, standings, uses)
    if (budget := uplink.get("budget")) is not None:
        yield GaugeMetricFamily(
            "vitalwire_edge_uplink_holds_waveforms",
            "1 while waveforms wait until they are asked for, or until the station",
            value=float(budget["holds_waveforms"]),
        )
    for name, text in _UPLINK_COUNTS.items():
        yield CounterMetricFamily(f"vitalwire_edge_uplink_{name}", text, value=uplink[name])
