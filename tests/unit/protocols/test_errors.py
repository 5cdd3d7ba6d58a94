"""Errors say what went wrong, by which clause, and are all caught as one."""

from __future__ import annotations

import pytest

from protocols.errors import (
    AssociationRejectedError,
    DecodeError,
    EncodeError,
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
)


def test_a_decode_error_names_the_clause_it_breaks_and_where() -> None:
    error = DecodeError("two octets too few", clause="20601 A.2", offset=7)
    assert str(error) == "two octets too few (20601 A.2)"
    assert (error.clause, error.offset) == ("20601 A.2", 7)


def test_a_decode_error_without_a_clause_is_its_message() -> None:
    error = DecodeError("not a topic")
    assert str(error) == "not a topic"
    assert (error.clause, error.offset) == ("", None)


def test_a_refused_association_is_the_peers_doing_and_carries_its_result() -> None:
    with pytest.raises(RemoteProtocolError, match="refused") as caught:
        raise AssociationRejectedError("refused", result=4)
    assert isinstance(caught.value, AssociationRejectedError)
    assert caught.value.result == 4


@pytest.mark.parametrize(
    "error",
    [
        DecodeError("d"),
        EncodeError("e"),
        LocalProtocolError("l"),
        RemoteProtocolError("r"),
        AssociationRejectedError("a", result=1),
    ],
)
def test_every_error_of_the_package_is_caught_as_one(error: Exception) -> None:
    with pytest.raises(ProtocolError):
        raise error
