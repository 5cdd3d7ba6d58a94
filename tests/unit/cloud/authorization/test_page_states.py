"""What forms carry is good on one page, in one browser, for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloud.core.authorization.authorization_requests import ForeignFormError, PageError
from cloud.core.authorization.browsers import Browser, KnownBrowsers, account_of
from cloud.core.authorization.page_states import (
    CONSENT,
    LIFE,
    SIGN_IN,
    PageState,
    PageStates,
)
from cloud.core.kernel.vault import Vault

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
VAULT = Vault(b"k" * 32)
HERE = Browser(mark="vwb_here")
STATE = PageState(session_id="ses_1", request={"client_id": "app_1"}, facts={"scopes": "openid"})


def test_a_state_comes_back_as_it_was() -> None:
    states = PageStates(VAULT)
    sealed = states.seal(CONSENT, STATE, HERE, now=NOW)
    assert states.open(CONSENT, sealed, HERE, now=NOW + LIFE - timedelta(seconds=1)) == STATE
    assert (STATE.client_id, PageState().client_id) == ("app_1", "")


def test_a_state_is_good_nowhere_else() -> None:
    states = PageStates(VAULT)
    sealed = states.seal(CONSENT, STATE, HERE, now=NOW)
    for browser in (Browser(), Browser(mark="vwb_there")):
        with pytest.raises(ForeignFormError):
            states.open(CONSENT, sealed, browser, now=NOW)
    for others in (states, PageStates(Vault(b"o" * 32))):
        with pytest.raises(ForeignFormError):
            others.open(SIGN_IN, sealed, HERE, now=NOW)
    with pytest.raises(PageError, match="too long"):
        states.open(CONSENT, sealed, HERE, now=NOW + LIFE)
    unmarked = states.seal(CONSENT, STATE, Browser(), now=NOW)
    with pytest.raises(ForeignFormError):
        states.open(CONSENT, unmarked, Browser(), now=NOW)


def test_a_browser_knows_the_last_few_accounts() -> None:
    known = KnownBrowsers(VAULT)
    cookie = ""
    for number in range(7):
        cookie = known.remember(cookie, f"account-{number}", f"device-{number}")
    kept = [known.device_of(cookie, f"account-{number}") for number in range(7)]
    assert kept == ["", "", *(f"device-{number}" for number in range(2, 7))]
    assert known.is_ours(cookie)
    for other in ("", "00", "no hexadecimal", cookie[:-2]):
        assert known.device_of(other, "account-6") == ""
        assert not known.is_ours(other)


def test_an_account_is_one_however_its_address_is_written() -> None:
    assert account_of("ten_1", " Ada@Example.org") == account_of("ten_1", "ada@example.org")
    assert account_of("ten_1", "ada@example.org") != account_of("ten_2", "ada@example.org")
