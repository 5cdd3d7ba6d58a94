"""The registries of the control plane: one row of data each, and no code of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_VERSION: Final = r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,39}"
_WORD: Final = r"[a-z][a-z0-9_-]{0,39}"
_EVENT: Final = r"[a-z][a-z_]{0,39}(\.[a-z_]{1,40}){1,3}"
_DIGEST: Final = r"sha256:[0-9a-f]{64}"
_TEXT: Final = r"[^\x00-\x1f\x7f]{1,200}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an item is described by besides its name. `pattern` is the whole of what may stand
    there, `words` says so to people.
    """

    name: str
    pattern: str
    words: str
    is_required: bool = True

    def admits(self, value: str) -> bool:
        """Whether it may have this value."""
        return re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry: where it is, how its items are called, described, and go on.

    Items begin in `first`; `moves` has for each status those that may follow. One that nothing
    follows is the end: the item can no longer be changed.
    """

    path: str
    noun: str
    prefix: str
    words: str
    first: str
    moves: Mapping[str, tuple[str, ...]]
    attributes: tuple[Attribute, ...]

    @property
    def statuses(self) -> tuple[str, ...]:
        """Every status, in the order of the table."""
        return tuple(self.moves)

    def is_over(self, status: str) -> bool:
        """Whether nothing follows."""
        return not self.moves[status]


DEPLOYMENT_PACKAGES: Final = Registry(
    path="deployment-packages",
    noun="deployment_package",
    prefix="dpk",
    words="Packages of what is put on gateways, boards and in the cloud.",
    first="draft",
    moves={
        "draft": ("validated", "withdrawn"),
        "validated": ("draft", "published", "withdrawn"),
        "published": ("withdrawn",),
        "withdrawn": (),
    },
    attributes=(
        Attribute("version", _VERSION, "the version it holds"),
        Attribute("target", "gateway|board|cloud", "gateway, board or cloud"),
        Attribute("digest", _DIGEST, "sha256: and 64 hexadecimal digits", is_required=False),
        Attribute("notes", _TEXT, "up to 200 characters", is_required=False),
    ),
)
AUTOMATIONS: Final = Registry(
    path="automations",
    noun="automation",
    prefix="atm",
    words="What is done by itself when something happens.",
    first="draft",
    moves={
        "draft": ("active", "retired"),
        "active": ("paused", "retired"),
        "paused": ("active", "retired"),
        "retired": (),
    },
    attributes=(
        Attribute("trigger", _EVENT, "the type of an event, such as device.offline"),
        Attribute("action", _WORD, "one word for what is done"),
        Attribute("owner", _TEXT, "who answers for it", is_required=False),
    ),
)
AGENTS: Final = Registry(
    path="agents",
    noun="agent",
    prefix="agt",
    words="Programs that act for the organisation.",
    first="registered",
    moves={
        "registered": ("active", "retired"),
        "active": ("suspended", "retired"),
        "suspended": ("active", "retired"),
        "retired": (),
    },
    attributes=(
        Attribute("kind", "assistant|connector|monitor", "assistant, connector or monitor"),
        Attribute("owner", _TEXT, "who answers for it"),
        Attribute("version", _VERSION, "the version that runs", is_required=False),
    ),
)
LISTINGS: Final = Registry(
    path="marketplace/listings",
    noun="listing",
    prefix="lst",
    words="What is offered to other organisations.",
    first="draft",
    moves={
        "draft": ("in_review", "withdrawn"),
        "in_review": ("draft", "published", "rejected"),
        "published": ("withdrawn",),
        "rejected": ("draft", "withdrawn"),
        "withdrawn": (),
    },
    attributes=(
        Attribute("category", _WORD, "one word for what it is"),
        Attribute("publisher", _TEXT, "who offers it"),
        Attribute("summary", _TEXT, "up to 200 characters", is_required=False),
    ),
)
RELEASES: Final = Registry(
    path="releases",
    noun="release",
    prefix="rel",
    words="Versions on their way to those who use them.",
    first="planned",
    moves={
        "planned": ("rolling_out", "cancelled"),
        "rolling_out": ("halted", "released"),
        "halted": ("rolling_out", "rolled_back"),
        "released": ("rolled_back",),
        "rolled_back": (),
        "cancelled": (),
    },
    attributes=(
        Attribute("version", _VERSION, "the version it brings"),
        Attribute("channel", "stable|candidate|development", "stable, candidate or development"),
        Attribute("notes", _TEXT, "up to 200 characters", is_required=False),
    ),
)
REGISTRIES: Final = (DEPLOYMENT_PACKAGES, AUTOMATIONS, AGENTS, LISTINGS, RELEASES)
