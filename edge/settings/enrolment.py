"""How the gateway lives in a fleet."""

from __future__ import annotations

from pydantic import Field

from edge.settings.fields import Group


class EnrolmentSettings(Group):
    """What a gateway that joined a fleet does by itself."""

    trial_seconds: float = Field(
        default=180.0,
        gt=0,
        description="how long a configuration from afar may take to reach the cloud before the"
        " last good one is back",
    )
