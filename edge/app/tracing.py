"""Tracing where it is wished; where it is not, nothing of OpenTelemetry is loaded."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from edge.errors import SettingsError

if TYPE_CHECKING:
    from edge.app.spans import EdgeTracing


def make_tracing(url: str, *, monotonic: Callable[[], float]) -> EdgeTracing | None:
    """Tracing to the collector at `url` (OTLP over HTTP), None without one.

    SettingsError when the libraries are not installed.
    """
    if not url:
        return None
    if find_spec("opentelemetry") is None:
        raise SettingsError(
            "tracing.otlp_url is set and the libraries of tracing are not installed",
            mend="pip install vitalwire[tracing], or leave the key out",
        )
    from edge.app.spans import spans_to  # noqa: PLC0415 - an extra, loaded only where it is wished

    return spans_to(url, monotonic=monotonic)
