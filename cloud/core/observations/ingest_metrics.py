"""What ingest counts, whichever way a batch came."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Metric

from cloud.core.observations.delay_histogram import DelayHistogram
from protocols.model.device import DeviceInfo
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.messages import UplinkAck, UplinkBatch
from protocols.uplink.whole_numbers import Numbers

DELAY_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


class IngestMetrics:
    """Rows stored, repeated and rejected, batches refused, and the delay of live rows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.batches = Metric(
            "vitalwire_ingest_batches",
            "Batches by what became of them",
            ["way", "outcome"],
            registry=registry,
        )
        self.rows = Metric(
            "vitalwire_ingest_rows", "Rows by what became of them", ["outcome"], registry=registry
        )
        self.delay = DelayHistogram(
            "vitalwire_ingest_delay_seconds",
            "From the gateway's durable write to the cloud's commit, rows of all-new batches",
            buckets=DELAY_BUCKETS,
            registry=registry,
        )

    def recorded(self, way: str, batch: UplinkBatch, ack: UplinkAck, now: datetime) -> None:
        """Count a batch that was committed at `now`."""
        self.batches.labels(way, "recorded").inc()
        self.rows.labels("stored").inc(ack.stored)
        self.rows.labels("repeated").inc(ack.repeated)
        self.rows.labels("rejected").inc(len(ack.rejected))
        # A repeated row's delay is no delay of ours, and one batch does not say which repeat it.
        if ack.repeated == 0:
            rejected = {one.sequence for one in ack.rejected}
            captured = Counter(
                row.captured_at
                for row in batch.rows
                if row.sequence not in rejected and not isinstance(row.content, DeviceInfo)
            )
            times = np.array([to_microseconds(at) for at in captured], np.int64)
            self._delays(now, times, np.array(list(captured.values()), np.int64))
            readings = batch.readings
            kept = ~np.isin(readings.sequences, list(rejected))
            moments = readings.moments.captured
            rows_of = np.bincount(readings.moment_of[kept], minlength=len(moments))
            self._delays(now, moments, rows_of)

    def _delays(self, now: datetime, captured: Numbers, rows: NDArray[np.int64]) -> None:
        self.delay.observe((to_microseconds(now) - captured) / 1e6, rows)

    def refused(self, way: str, reason: str) -> None:
        """Count a batch that could not be read or was not its sender's."""
        self.batches.labels(way, reason).inc()
