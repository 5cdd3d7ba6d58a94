"""How the authorization server says no, in the words of the RFCs."""

from __future__ import annotations


class GrantError(Exception):
    """`error` is the code (RFC 6749 5.2 and its successors), `description` says what to do."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(f"{error}: {description}")

    @property
    def is_unauthenticated(self) -> bool:
        """Whether the answer is 401: RFC 6749 5.2, and the clinical contract's `mtls_required`."""
        return self.error in ("invalid_client", "mtls_required")


def invalid_request(description: str) -> GrantError:
    """A parameter is missing, twice there, or cannot be read."""
    return GrantError("invalid_request", description)


def invalid_grant(description: str) -> GrantError:
    """What was presented is not (or no longer) good for a token."""
    return GrantError("invalid_grant", description)


def invalid_scope(description: str) -> GrantError:
    """More was asked for than may be given."""
    return GrantError("invalid_scope", description)


def invalid_client(
    description: str = "Check the client id and how the client proves itself.",
) -> GrantError:
    """The client is not who it says; the same words for one that does not exist."""
    return GrantError("invalid_client", description)


def forbidden() -> GrantError:
    """The API key is nobody's, or another partner's."""
    return GrantError("forbidden", "Send the partner's own API key.")


def unauthorized_client(description: str) -> GrantError:
    """A known client that may not do this."""
    return GrantError("unauthorized_client", description)
