"""Why what came from an identity provider is not taken, in one word each."""

from __future__ import annotations


class SamlRefusedError(Exception):
    """It is not taken. `reason` is a word of ours for audit, log and metric; nothing of what was
    sent is in it, for that names people.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
