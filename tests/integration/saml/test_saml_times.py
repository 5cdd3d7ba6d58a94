"""An answer is good for its time, by the clock that is given and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from cloud.core.federation.assertions import Asserted, Expected
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.federation.responses import Trusted, read_response
from cloud.core.kernel.work import utc_now
from tests.fixtures.identity_provider import der, key_pair, posted
from tests.integration.saml.conftest import World

SKEW = timedelta(seconds=30)
AUTHN = re.compile(r'AuthnInstant="([^"]+)"')


class Answer:
    """One answer of the provider, to be read at any time."""

    def __init__(self, world: World, **how: Any) -> None:  # noqa: ANN401 - as the library takes it
        service, self.provider = world.service, world.provider
        self.xml = self.provider.response("_r1", service["acs_url"], service["entity_id"], **how)
        self.made_at = self._first("NotBefore")
        self.ends_at = self._first("NotOnOrAfter")
        self.expected = Expected(
            issuer=self.provider.entity_id,
            audience=service["entity_id"],
            recipient=service["acs_url"],
            request_id="_r1",
            asked_at=self.made_at,
            now=self.made_at,
            skew=SKEW,
        )

    def _first(self, name: str) -> datetime:
        found = re.search(f'{name}="([^"]+)Z"', self.xml)
        assert found is not None
        return datetime.fromisoformat(f"{found[1]}+00:00")

    def read(self, **changes: object) -> Asserted:
        """Read it under other expectations."""
        trusted = Trusted(
            entity_id=self.provider.entity_id, certificates=(der(key_pair("provider")[1]),)
        )
        expected = replace(self.expected, **changes)  # type: ignore[arg-type]  # by name
        return read_response(posted(self.xml), trusted, expected)

    def refused(self, **changes: object) -> str:
        """The word it is refused with."""
        with pytest.raises(SamlRefusedError) as raised:
            self.read(**changes)
        return raised.value.reason


@pytest.fixture(scope="module")
def answer(world: World) -> Answer:
    return Answer(world)


def test_it_says_who_and_since_when_and_until_when(answer: Answer) -> None:
    told = answer.read()
    assert told.subject == "ada-1"
    assert told.attributes["mail"] == ("ada@example.org",)
    assert told.attributes["urn:oid:2.5.4.42"] == ("Ada",)
    assert told.authenticated_at == answer.made_at
    assert told.good_until == answer.ends_at
    assert told.session_until is None
    assert "ada" not in repr(told)


def test_its_time_begins_and_ends_and_the_clocks_may_differ_a_little(answer: Answer) -> None:
    second = timedelta(seconds=1)
    assert answer.read(now=answer.made_at - SKEW)
    assert answer.refused(now=answer.made_at - SKEW - second) == "not_yet_valid"
    assert answer.read(now=answer.ends_at + SKEW - second)
    assert answer.refused(now=answer.ends_at + SKEW) == "expired"
    assert answer.refused(now=answer.ends_at, skew=timedelta(0)) == "expired"


def test_whoever_should_prove_themselves_anew_did_so(answer: Answer) -> None:
    late = answer.made_at + timedelta(minutes=2)
    assert answer.read(asked_at=late, now=late)
    assert answer.refused(asked_at=late, now=late, is_forced=True) == "not_fresh"
    assert answer.read(asked_at=answer.made_at + SKEW, is_forced=True)


def test_a_session_of_the_provider_that_is_over_opens_none(world: World) -> None:
    ends = utc_now() + timedelta(minutes=2)
    answer = Answer(world, session_not_on_or_after=f"{ends:%Y-%m-%dT%H:%M:%SZ}")
    assert answer.read().session_until == ends.replace(microsecond=0)
    assert answer.refused(now=ends + SKEW) == "expired"


def test_another_issuers_key_or_name_does_not_serve(answer: Answer) -> None:
    assert answer.refused(issuer="https://other.example") == "wrong_issuer"
    stranger = Trusted(
        entity_id=answer.provider.entity_id, certificates=(der(key_pair("stranger")[1]),)
    )
    with pytest.raises(SamlRefusedError, match="bad_signature"):
        read_response(posted(answer.xml), stranger, answer.expected)
    # While keys roll over there are two.
    both = replace(stranger, certificates=(*stranger.certificates, der(key_pair("provider")[1])))
    assert read_response(posted(answer.xml), both, answer.expected).subject == "ada-1"
