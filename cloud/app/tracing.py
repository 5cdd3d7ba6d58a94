"""Tracing where it is wished; where it is not, nothing of OpenTelemetry is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from cloud.app.opening import StartError
from cloud.app.parts import Parts


@contextmanager
def traced(parts: Parts) -> Iterator[None]:
    """Inside, batches and calls are traced to the settings' collector, if they name one.

    StartError when the libraries are not installed.
    """
    url = parts.settings.tracing_url
    if not url:
        yield
        return
    if find_spec("opentelemetry") is None:
        raise StartError(
            "tracing_url is set and the libraries of tracing are not installed. "
            "Install vitalwire[tracing], or leave the setting out"
        )
    from cloud.app.spans import spans_to  # noqa: PLC0415 - an extra, loaded only where it is wished

    tracing = spans_to(url)
    parts.traces.set(tracing)
    parts.spans.export_to(tracing.export)
    try:
        yield
    finally:
        tracing.close()
