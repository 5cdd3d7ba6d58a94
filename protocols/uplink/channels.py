"""Topic and path names both ends use.

Topics are `vw/1/{tenant}/{gateway}/` and a channel; `1` is the version of the topics and of the
form of a batch that both ends always know, and newer forms travel on the same ones. A gateway
publishes to its own `up`, `answers` and `status` and reads its own `ack` and `commands`, nothing
else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError

CONTRACT_VERSION: Final = 1
COMPACT_VERSION: Final = 2
NEWEST_VERSION: Final = COMPACT_VERSION
"""What this program reads, and says in its acknowledgements."""
HTTP_BATCHES_PATH: Final = "/v1/uplink/batches"
HTTP_COMMANDS_PATH: Final = "/v1/uplink/commands"
HTTP_ANSWERS_PATH: Final = "/v1/uplink/answers"
MEDIA_TYPE_BINARY: Final = "application/vnd.vitalwire.uplink.v1+msgpack"
MEDIA_TYPE_COMPACT: Final = "application/vnd.vitalwire.uplink.v2"
"""Of a batch of version 2; its acknowledgement is version 1's."""
MEDIA_TYPE_JSON: Final = "application/vnd.vitalwire.uplink.v1+json"

UP: Final = "up"
ACK: Final = "ack"
STATUS: Final = "status"
COMMANDS: Final = "commands"
ANSWERS: Final = "answers"
CHANNELS: Final = (UP, ACK, STATUS, COMMANDS, ANSWERS)
GATEWAY_SPEAKS: Final = (UP, ANSWERS, STATUS)
GATEWAY_READS: Final = (ACK, COMMANDS)

ALL_UP_TOPICS: Final = f"vw/{CONTRACT_VERSION}/+/+/{UP}"
ALL_STATUS_TOPICS: Final = f"vw/{CONTRACT_VERSION}/+/+/{STATUS}"
ALL_ANSWER_TOPICS: Final = f"vw/{CONTRACT_VERSION}/+/+/{ANSWERS}"

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic taken apart: whose it is and which way it goes."""

    tenant_id: str
    gateway_id: str
    channel: str

    @property
    def topic(self) -> str:
        """The MQTT topic name."""
        return f"vw/{CONTRACT_VERSION}/{self.tenant_id}/{self.gateway_id}/{self.channel}"


def parse_topic(topic: str) -> Channel:
    """Take a topic apart; DecodeError for any topic that is not this contract's."""
    parts = topic.split("/")
    if (
        len(parts) != 5
        or parts[:2] != ["vw", str(CONTRACT_VERSION)]
        or parts[4] not in CHANNELS
        or not all(_NAME.fullmatch(part) for part in parts[2:4])
    ):
        raise DecodeError("not a topic of the uplink contract")
    return Channel(parts[2], parts[3], parts[4])
