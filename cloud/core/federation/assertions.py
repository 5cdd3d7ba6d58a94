"""What an assertion must say before anybody is signed in by it (SAML profiles, 4.1.4.3).

The rules are ours and not the library's: its clock is the machine's, and what is optional there is
required here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cloud.core.federation.names import BEARER, TRANSIENT
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.identity.tables import SUBJECT_LENGTH

SKEW: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(hours=1)
"""An assertion that is good for longer is not meant for a browser that comes at once."""
_MOST_VALUES: Final = 50
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the answer to one request has to fit; `skew` is how far the other clock may be off."""

    issuer: str
    audience: str
    recipient: str
    request_id: str
    asked_at: datetime
    now: datetime
    is_forced: bool = False
    skew: timedelta = SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """Who it was, as the identity provider says; `good_until` is when the assertion ends.

    `attributes` have the values by name and by friendly name; nothing of it is shown in a log.
    """

    assertion_id: str
    subject: str = field(repr=False)
    authenticated_at: datetime
    good_until: datetime
    session_until: datetime | None = None
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def read_assertion(item: Any, expected: Expected) -> Asserted:  # noqa: ANN401 - pysaml2 is untyped
    """What a verified assertion says; SamlRefusedError with the rule it breaks."""
    if _text(item.issuer) != expected.issuer:
        raise SamlRefusedError("wrong_issuer")
    if item.version != "2.0":
        raise SamlRefusedError("malformed_response")
    good_until = min(
        _check_conditions(item.conditions, expected), _confirmed(item.subject, expected)
    )
    authenticated_at, session_until = _statement(item.authn_statement, expected)
    return Asserted(
        assertion_id=item.id,
        subject=_subject(item.subject),
        authenticated_at=authenticated_at,
        good_until=good_until,
        session_until=session_until,
        attributes=_attributes(item.attribute_statement),
    )


def instant(text: str | None) -> datetime:
    """A time in UTC as SAML writes it (core, 1.3.3); SamlRefusedError `malformed_response`."""
    if text is None or _INSTANT.fullmatch(text) is None:
        raise SamlRefusedError("malformed_response")
    try:
        return datetime.fromisoformat(f"{text[:19]}+00:00").astimezone(UTC)
    except ValueError as exc:
        raise SamlRefusedError("malformed_response") from exc


def _check_conditions(conditions: Any, expected: Expected) -> datetime:  # noqa: ANN401 - pysaml2
    """Until when it is good; an audience and an end there must be."""
    if conditions is None or conditions.condition:
        raise SamlRefusedError("malformed_response")
    if conditions.not_before is not None:
        _check_begun(conditions.not_before, expected)
    # Each restriction has to hold (core, 2.5.1.4).
    restrictions = conditions.audience_restriction
    if not restrictions or not all(
        expected.audience in [_text(one) for one in restriction.audience]
        for restriction in restrictions
    ):
        raise SamlRefusedError("wrong_audience")
    return _end(conditions.not_on_or_after, expected)


def _confirmed(subject: Any, expected: Expected) -> datetime:  # noqa: ANN401 - pysaml2
    """Until when the bearer is believed; one confirmation that holds is enough."""
    refused = SamlRefusedError("no_bearer")
    for one in () if subject is None else subject.subject_confirmation:
        if one.method != BEARER or one.subject_confirmation_data is None:
            continue
        try:
            return _bearer(one.subject_confirmation_data, expected)
        except SamlRefusedError as exc:
            refused = exc
    raise refused


def _bearer(told: Any, expected: Expected) -> datetime:  # noqa: ANN401 - pysaml2
    if told.recipient != expected.recipient:
        raise SamlRefusedError("wrong_recipient")
    if told.in_response_to != expected.request_id:
        raise SamlRefusedError("wrong_request")
    # 4.1.4.2: a bearer's confirmation has no beginning.
    if told.not_before is not None:
        raise SamlRefusedError("malformed_response")
    return _end(told.not_on_or_after, expected)


def _check_begun(text: str, expected: Expected) -> None:
    if instant(text) > expected.now + expected.skew:
        raise SamlRefusedError("not_yet_valid")


def _end(text: str | None, expected: Expected) -> datetime:
    ends = instant(text)
    if ends <= expected.now - expected.skew:
        raise SamlRefusedError("expired")
    if ends > expected.now + LONGEST + expected.skew:
        raise SamlRefusedError("too_long")
    return ends


def _statement(statements: Sequence[Any], expected: Expected) -> tuple[datetime, datetime | None]:
    """When the person proved who they are, and how long that may count."""
    if len(statements) != 1:
        raise SamlRefusedError("malformed_response")
    (one,) = statements
    at = instant(one.authn_instant)
    if at > expected.now + expected.skew:
        raise SamlRefusedError("not_yet_valid")
    if expected.is_forced and at < expected.asked_at - expected.skew:
        raise SamlRefusedError("not_fresh")
    until = None
    if one.session_not_on_or_after is not None:
        until = instant(one.session_not_on_or_after)
        if until <= expected.now - expected.skew:
            raise SamlRefusedError("expired")
    return min(at, expected.now), until


def _subject(subject: Any) -> str:  # noqa: ANN401 - pysaml2
    """The name that stands for the person, the same every time."""
    name = None if subject is None else subject.name_id
    told = "" if name is None else _text(name)
    if name is None or not (told and told.isprintable() and len(told) <= SUBJECT_LENGTH):
        raise SamlRefusedError("no_name")
    # Another name at each sign-in stands for nobody who could be known again.
    if name.format == TRANSIENT:
        raise SamlRefusedError("transient_name")
    return told


def _attributes(statements: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {}
    for attribute in (one for statement in statements for one in statement.attribute):
        values = tuple(_text(one) for one in attribute.attribute_value[:_MOST_VALUES])
        for name in (attribute.name, attribute.friendly_name):
            if name:
                told.setdefault(name, values)
    return told


def _text(item: Any) -> str:  # noqa: ANN401 - pysaml2
    """What an element says, without the blanks around it."""
    return ((None if item is None else item.text) or "").strip()
