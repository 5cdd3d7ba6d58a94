"""Where spans go."""

from __future__ import annotations

from pydantic import Field

from edge.settings.fields import Group, HttpUrl


class TracingSettings(Group):
    """OpenTelemetry; without a URL nothing of it is loaded."""

    otlp_url: HttpUrl = Field(
        default="", description="a collector that takes OTLP over HTTP; empty: no tracing"
    )
