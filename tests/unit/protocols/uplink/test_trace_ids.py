"""Both ends find the same trace in a batch's id."""

from __future__ import annotations

import re
from uuid import UUID

from protocols.uplink.trace_ids import root_span_id_of, trace_id_of, traceparent_of


def test_the_ids_are_the_batchs_own() -> None:
    batch_id = UUID("0af76519-16cd-43dd-8448-eb211c80319c")
    assert trace_id_of(batch_id) == 0x0AF7651916CD43DD8448EB211C80319C
    assert 0 < root_span_id_of(batch_id) < 1 << 64
    assert root_span_id_of(batch_id) != root_span_id_of(UUID(int=1))
    header = traceparent_of(batch_id)
    assert re.fullmatch(r"00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", header)
    assert header.split("-")[2] == f"{root_span_id_of(batch_id):016x}"
