"""What an operator sets: one TOML file, each key overridable by the environment (EDGE_...).

The keys are the fields of `EdgeSettings`; nested ones are written `[uplink]` in the file and
`EDGE_UPLINK__MQTT_URL` in the environment. Only `app` and `__main__` read this; every room gets
its own policy.
"""

from __future__ import annotations

from edge.settings.devices import DeviceSettings
from edge.settings.gateway import EdgeSettings
from edge.settings.loading import data_folder_of, load_settings
from edge.settings.uplink import UplinkSettings

__all__ = ["DeviceSettings", "EdgeSettings", "UplinkSettings", "data_folder_of", "load_settings"]
