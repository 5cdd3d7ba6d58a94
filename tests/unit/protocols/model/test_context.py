"""Who captured an observation is named whole."""

from __future__ import annotations

import pytest

from protocols.model.context import CaptureContext


def test_a_context_names_gateway_and_vehicle() -> None:
    captured = CaptureContext(gateway_id="gw-1", vehicle_id="medic-7")
    assert (captured.gateway_id, captured.vehicle_id) == ("gw-1", "medic-7")
    with pytest.raises(TypeError):
        CaptureContext(gateway_id="gw-1")  # type: ignore[call-arg]  # the point of the test
