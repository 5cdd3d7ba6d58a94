"""The devices the gateway calls."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.settings.fields import Group, Line


class DeviceSettings(Group):
    """One device we call: what we name it, and where it is (`serial:`, `tcp:` or `replay:`)."""

    name: Annotated[str, Field(min_length=1, max_length=64, description="what the crew calls it")]
    transport: Annotated[Line, Field(description="where it is: `serial:`, `tcp:` or `replay:`")]
