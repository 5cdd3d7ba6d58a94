"""IntelliVue's association messages, against those of public clients and of Philips' guide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.monitors.intellivue_association import (
    ABORT,
    RELEASE_REQUEST,
    RELEASE_RESPONSE,
    PollOption,
    SessionKind,
    SystemType,
    UserInformation,
    decode_information,
    encode_request,
    encode_response,
)
from tests.vectors import intellivue as vectors

ASKED = UserInformation(
    system=SystemType.CLIENT,
    options=PollOption.NUMERICS_EVERY_SECOND | PollOption.WAVES,
    max_octets=1000,
)


def test_a_request_is_the_guide_s_with_our_wishes_in_it() -> None:
    assert encode_request(vectors.GUIDE_INFORMATION) == vectors.GUIDE_REQUEST


def test_a_public_client_s_long_request_is_read() -> None:
    information = decode_information(vectors.CLIENT_REQUEST)
    assert information.system == SystemType.CLIENT
    assert information.min_poll_ticks == 4000
    assert information.max_octets == 1456
    assert PollOption.WAVES | PollOption.ENUMERATIONS in information.options


def test_what_is_asked_and_what_is_granted_are_read_as_they_were_written() -> None:
    assert decode_information(encode_request(ASKED)) == ASKED
    granted = UserInformation(
        system=SystemType.SERVER, options=PollOption.NUMERICS_EVERY_SECOND, min_poll_ticks=2000
    )
    response = encode_response(granted)
    assert response[0] == SessionKind.ACCEPT
    assert decode_information(response) == granted


def test_without_an_extension_nothing_more_is_granted() -> None:
    response = encode_response(ASKED).replace(bytes.fromhex("f0010008"), bytes.fromhex("f0020008"))
    assert decode_information(response).options == PollOption(0)


@pytest.mark.parametrize("octets", [RELEASE_REQUEST, RELEASE_RESPONSE, ABORT], ids=bytes.hex)
def test_the_short_messages_say_their_own_length(octets: bytes) -> None:
    assert len(octets) == 2 + octets[1]
    assert octets[0] in (SessionKind.FINISH, SessionKind.DISCONNECT, SessionKind.ABORT)


@pytest.mark.parametrize("cut", [0, 20, 100, 150, 160, 180])
def test_a_cut_response_is_refused(cut: int) -> None:
    with pytest.raises(DecodeError):
        decode_information(encode_response(ASKED)[:cut])


@settings(max_examples=100)
@given(st.integers(0, 221), st.integers(0, 255))
def test_a_changed_octet_raises_nothing_but_a_decode_error(at: int, octet: int) -> None:
    octets = bytearray(encode_response(ASKED))
    octets[at % len(octets)] = octet
    try:
        information = decode_information(bytes(octets))
    except DecodeError:
        return
    assert isinstance(information, UserInformation)
