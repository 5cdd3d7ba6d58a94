"""The cloud as its users see it: tokens, requests and pages over HTTP, nothing else.

JSON numbers are read as Decimal, so that a reading's digits arrive as they were sent.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin

import httpx

from simulators.errors import CloudRefusedError

JsonObject = dict[str, Any]

_TIMEOUT_SECONDS: Final = 30.0
_RENEW_SECONDS: Final = 30.0
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Credentials:
    """An application's own name and secret; `repr` shows no secret."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"Credentials({self.client_id!r})"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its text as it came, digit by digit, and what it says."""

    text: str
    content: JsonObject


class CloudClient:
    """One application at one cloud; gets and renews its token by itself."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._http = httpx.Client(
            base_url=base_url, timeout=_TIMEOUT_SECONDS, trust_env=False, transport=transport
        )
        self._token = ""
        self._token_ends = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def token(self) -> str:
        """A valid access token by the client credentials grant (RFC 6749 4.4)."""
        if time.monotonic() >= self._token_ends - _RENEW_SECONDS:
            answer = self._grant({})
            self._token = str(answer["access_token"])
            self._token_ends = time.monotonic() + float(answer["expires_in"])
        return self._token

    def token_for(self, *scopes: str) -> str:
        """A token that can do no more than these scopes allow, for somebody else to use."""
        return str(self._grant({"scope": " ".join(scopes)})["access_token"])

    def _grant(self, wanted: Mapping[str, str]) -> JsonObject:
        path = "/v1/oauth/token"
        try:
            response = self._http.request(
                "POST",
                path,
                data={"grant_type": "client_credentials", **wanted},
                auth=(self._credentials.client_id, self._credentials.client_secret),
            )
        except httpx.TransportError as exc:
            raise _silence("POST", path, exc) from exc
        return self._answer(response)

    def get(self, path: str, **query: str) -> JsonObject:
        """The object a GET answers with; asked again when the connection breaks."""
        return self._answer(self._request("GET", path, query=query))

    def post(self, path: str, body: Mapping[str, object]) -> JsonObject:
        """The object a POST answers with."""
        return self._answer(self._request("POST", path, content=json.dumps(body).encode()))

    def patch(self, path: str, body: Mapping[str, object]) -> JsonObject:
        """The object a PATCH answers with."""
        return self._answer(self._request("PATCH", path, content=json.dumps(body).encode()))

    def document(self, path: str) -> bytes:
        """The octets of something that is no JSON, or whose octets count."""
        response = self._request("GET", path)
        if not response.is_success:
            self._answer(response)
        return response.content

    def pages(self, path: str, key: str, **query: str) -> Iterator[Any]:
        """The items under `key` of every page, following `next_cursor`."""
        cursor = ""
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page[key]
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return

    def bundles(self, path: str) -> Iterator[Page]:
        """Every page of a bundle, following its `next` links."""
        address: str | None = path
        seen = set()
        while address is not None and address not in seen:
            seen.add(address)
            response = self._request("GET", address)
            page = Page(response.text, self._answer(response))
            yield page
            links = {link["relation"]: link["url"] for link in page.content.get("link", [])}
            following = links.get("next")
            address = None if following is None else urljoin(str(self._http.base_url), following)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        tries = _ATTEMPTS if method == "GET" else 1
        while True:
            tries -= 1
            headers = {"authorization": f"Bearer {self.token()}"}
            if content is not None:
                headers["content-type"] = "application/json"
            try:
                return self._http.request(
                    method, path, params=query or None, content=content, headers=headers
                )
            except httpx.TransportError as exc:
                if tries <= 0:
                    raise _silence(method, path, exc) from exc

    def _answer(self, response: httpx.Response) -> JsonObject:
        answer: JsonObject = {}
        with contextlib.suppress(ValueError):
            decoded = json.loads(response.content, parse_float=Decimal)
            answer = decoded if isinstance(decoded, dict) else {"items": decoded}
        if response.is_success:
            return answer
        reason = str(answer.get("error", ""))
        message = answer.get("message") or answer.get("error_description") or ""
        raise CloudRefusedError(
            f"the cloud refused {response.request.method} {response.request.url.path} "
            f"with {response.status_code} {reason}. {message}".strip(),
            status=response.status_code,
            reason=reason,
        )


def _silence(method: str, path: str, cause: httpx.TransportError) -> CloudRefusedError:
    return CloudRefusedError(
        f"the cloud does not answer {method} {path}: {type(cause).__name__}. Look at its log.",
        status=0,
    )
