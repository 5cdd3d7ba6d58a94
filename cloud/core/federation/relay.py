"""Where a browser goes on to once somebody is signed in: to pages of ours, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from cloud.core.authorization.authorization_requests import ANEW
from cloud.core.authorization.profiles import PROFILES
from cloud.core.kernel.errors import InvalidError

HOME: Final = "/account"
LONGEST: Final = 4_000
_ASKING: Final = frozenset(one.authorize_path for one in PROFILES if one.authorize_path)


@dataclass(frozen=True, slots=True)
class Onward:
    """A path of ours with its query; `is_forced` asks the person to prove who they are anew.

    `request_uri` is the pushed request the path stands for, empty where there is none.
    """

    path: str
    is_forced: bool = False
    request_uri: str = ""


def onward(relay_state: str) -> Onward:
    """Where to go on to; InvalidError `invalid_relay_state` for what is not ours.

    An application that wants a fresh sign-in (OIDC Core, 3.1.2.1: `prompt`, `max_age`) gets one
    from the identity provider; at our own door it must not be asked for once more.
    """
    if not relay_state:
        return Onward(HOME)
    path, _, query = relay_state.partition("?")
    is_plain = relay_state.isascii() and relay_state.isprintable() and "#" not in relay_state
    if path not in (HOME, *_ASKING) or not is_plain or len(relay_state) > LONGEST:
        raise InvalidError("invalid_relay_state", "Send a path of a page people sign in for.")
    if path == HOME or not query:
        return Onward(path)
    kept, is_forced, request_uri = [], False, ""
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "prompt":
            prompts = value.split(" ")
            left = [one for one in prompts if one not in ANEW]
            is_forced = is_forced or len(left) < len(prompts)
            if left:
                kept.append((name, " ".join(left)))
            continue
        if name == "max_age":
            is_forced = True
            continue
        if name == "request_uri":
            request_uri = value
        kept.append((name, value))
    query = f"?{urlencode(kept)}" if kept else ""
    return Onward(f"{path}{query}", is_forced, request_uri)
