"""What can go wrong between two parties.

ProtocolError
  DecodeError             octets do not follow the encoding
  EncodeError             a value has no wire form
  LocalProtocolError      we asked for what the state forbids; nothing changed
  RemoteProtocolError     the peer broke the rules
    AssociationRejectedError   the peer refused to associate
"""

from __future__ import annotations


class ProtocolError(Exception):
    """Root of everything this package raises."""


class DecodeError(ProtocolError):
    """Octets do not follow the encoding.

    `clause` names the standard's part that the octets break, `offset` the octet where
    it showed (from the start of the decoded buffer), where known.
    """

    def __init__(self, message: str, *, clause: str = "", offset: int | None = None) -> None:
        self.clause = clause
        self.offset = offset
        super().__init__(f"{message} ({clause})" if clause else message)


class EncodeError(ProtocolError):
    """A value has no wire form."""


class LocalProtocolError(ProtocolError):
    """Our side asked for something the state forbids; nothing changed."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the rules of the exchange."""


class AssociationRejectedError(RemoteProtocolError):
    """The peer refused the association; `result` is the AARE result code (20601 AARE-apdu)."""

    def __init__(self, message: str, *, result: int) -> None:
        self.result = result
        super().__init__(message)
