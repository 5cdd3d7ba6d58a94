"""HTTPS, the second way up: a token by client credentials, a POST a batch, the ack back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final

import httpx

from edge.clock import Clock, ClockKeeper
from edge.errors import UplinkRejectedError, UplinkUnreachableError
from edge.supervision import Backoff
from edge.uplink.cloud_time import DATE_SECONDS, CloudTime, date_of, is_believed
from edge.uplink.credentials import Credentials
from edge.uplink.link import REVOKED, WRONG_SECRET, LinkHealth
from edge.uplink.policy import HttpsPolicy, Way
from protocols.errors import DecodeError
from protocols.uplink.channels import (
    CONTRACT_VERSION,
    HTTP_ANSWERS_PATH,
    HTTP_BATCHES_PATH,
    HTTP_COMMANDS_PATH,
    MEDIA_TYPE_BINARY,
    MEDIA_TYPE_COMPACT,
)
from protocols.uplink.codec import decode_ack
from protocols.uplink.command_codec import decode_commands
from protocols.uplink.messages import UplinkAck, UplinkBatch

log = logging.getLogger(__name__)

TOKEN_PATH: Final = "/v1/oauth/token"  # noqa: S105 - a path, not a secret
SCOPE: Final = "gateway:uplink"
_LEAST_LIFE_SECONDS: Final = 1.0
# What the cloud says of a batch's content, if it is the cloud that says it. Everything else may
# pass on another day; 415 speaks of how we send, which is true of every batch and no row's fault.
_VERDICTS: Final = {400, 422}
# What an older cloud says to a batch of a version it does not read.
_NOT_READ: Final = {400, 415}
_UNKNOWN_TO_THEM: Final = {400, 401}


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at: float


TimeTold = Callable[[datetime, float], None]
"""Takes the cloud's time (aware) and how many seconds it may be off."""


class HttpsLink:
    """A `LinkClient` over the cloud's API. Use it as an asynchronous context.

    `time` says by what time certificates are judged; None: by this clock and this cloud alone.
    """

    def __init__(
        self,
        policy: HttpsPolicy,
        credentials: Credentials,
        clock: Clock,
        time: CloudTime | None = None,
    ) -> None:
        self._policy = policy
        self._credentials = credentials
        self._clock = clock
        self._health = LinkHealth(Way.HTTPS, policy.url)
        self._token: _Token | None = None
        self._backoff = Backoff(policy.retry)
        self._asking = asyncio.Lock()
        self.on_time: TimeTold | None = None
        own_file = credentials.certificate_file
        self._time = time or CloudTime(ClockKeeper(clock), policy, own_file)
        self._tls = self._time.context(policy.ca_file, own_file, is_kept=True)
        self._client = httpx.AsyncClient(
            base_url=policy.url,
            timeout=policy.timeout_seconds,
            verify=self._tls,
            headers={"user-agent": "vitalwire-edge"},
            event_hooks={"response": [self._note_time]},
        )

    async def __aenter__(self) -> HttpsLink:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    @property
    def health(self) -> LinkHealth:
        """How it stands."""
        return self._health

    async def run(self) -> None:
        """Hold a fresh token; after a failure look again and again."""
        while True:
            try:
                token = await self._valid_token()
            except UplinkUnreachableError as exc:
                self._fail(exc.cause)
                await self._clock.sleep(self._backoff.next_wait())
                continue
            if not self._health.is_up:
                self._health.move(is_up=True, at=self._clock.utc())
            try:
                async with asyncio.timeout(max(1.0, token.renew_at - self._clock.monotonic())):
                    while self._health.is_up:
                        self._health.changed.clear()
                        await self._health.changed.wait()
            except TimeoutError:
                continue
            await self._clock.sleep(self._backoff.next_wait())

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        """POST the batch; the answer's body is the acknowledgement."""
        self._health.sent += 1
        began, before = self._clock.monotonic(), self._health.octets
        try:
            async with asyncio.timeout(timeout_seconds):
                version, response = await self._offer(batch)
                if version > CONTRACT_VERSION and response.status_code in _NOT_READ:
                    self._health.contract.refuse()
                    _, response = await self._offer(batch)
        except TimeoutError as exc:
            self._health.quality.stalls += 1
            self._fail("the cloud does not answer in time")
            raise UplinkUnreachableError(self._health.reason, is_vain=True) from exc
        except UplinkUnreachableError as exc:
            self._fail(exc.cause)
            raise
        ack = self._read_ack(response, batch)
        now, octets = self._clock.monotonic(), self._health.octets - before
        self._health.learn(ack, began=began, now=now, octets=octets)
        self._backoff.reset()
        if not self._health.is_up:
            self._health.move(is_up=True, at=self._clock.utc())
        return ack

    def renew_certificate(self) -> None:
        """A new certificate is in the file: connections from now on show it."""
        if self._credentials.certificate_file:
            self._tls.load_cert_chain(self._credentials.certificate_file)
            self._token = None

    async def fetch_commands(self, *, wait_seconds: int) -> tuple[bytes, ...]:
        """Ask for our commands; the cloud holds the answer back until there are some."""
        response = await self._ask(
            "GET",
            f"{HTTP_COMMANDS_PATH}?wait={wait_seconds}",
            seconds=wait_seconds + self._policy.timeout_seconds,
        )
        if response.status_code == httpx.codes.NO_CONTENT:
            return ()
        if response.status_code != httpx.codes.OK:
            raise UplinkUnreachableError(f"the cloud answers {response.status_code}")
        try:
            return decode_commands(response.content)
        except DecodeError as exc:
            raise UplinkUnreachableError("the cloud's commands are not understood") from exc

    async def send_answer(self, octets: bytes) -> None:
        """POST an answer; returns when the cloud has it."""
        response = await self._ask(
            "POST", HTTP_ANSWERS_PATH, seconds=self._policy.timeout_seconds, content=octets
        )
        if response.status_code != httpx.codes.NO_CONTENT:
            raise UplinkUnreachableError(f"the cloud answers {response.status_code}")

    async def _ask(
        self, method: str, path: str, *, seconds: float, content: bytes | None = None
    ) -> httpx.Response:
        """One call with our token, once more with a fresh one when the cloud wants that."""
        for _ in range(2):
            try:
                token = await self._valid_token()
            except UplinkUnreachableError as exc:
                self._fail(exc.cause)
                raise
            headers = {"authorization": f"Bearer {token.value}", "content-type": MEDIA_TYPE_BINARY}
            try:
                response = await self._client.request(
                    method, path, content=content, headers=headers, timeout=seconds
                )
            except httpx.HTTPError as exc:
                raise UplinkUnreachableError(
                    f"the cloud cannot be reached ({_words(exc)})"
                ) from exc
            if response.status_code != httpx.codes.UNAUTHORIZED:
                break
            self._token = None
        return response

    async def _note_time(self, response: httpx.Response) -> None:
        """Every answer says what time the cloud has, to the second.

        Readings are dated and devices' clocks set by it: only a server whose certificate was
        verified is believed, or one that the settings trust.
        """
        if self.on_time is None or response.request.method != "POST":
            return  # a long poll's answer may have waited anywhere
        if is_believed(self._policy) and (utc := date_of(response)) is not None:
            self.on_time(utc, DATE_SECONDS)

    def _fail(self, reason: str) -> None:
        if self._health.is_up or self._health.reason != reason:
            level = logging.WARNING if reason == WRONG_SECRET else logging.INFO
            log.log(level, "cloud lost reason=%r", reason)
        # Without the token the next look really asks the cloud.
        self._token = None
        self._health.move(is_up=False, at=self._clock.utc(), reason=reason)

    async def _offer(self, batch: UplinkBatch) -> tuple[int, httpx.Response]:
        """Post a batch in the version agreed on; with a fresh token when the old one ran out."""
        version, body = self._health.contract.encode(batch)
        media_type = MEDIA_TYPE_BINARY if version == CONTRACT_VERSION else MEDIA_TYPE_COMPACT
        response = await self._post(body, media_type)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._token = None
            response = await self._post(body, media_type)
        return version, response

    async def _post(self, body: bytes, media_type: str) -> httpx.Response:
        token = await self._valid_token()
        self._health.octets += len(body)
        headers = {
            "authorization": f"Bearer {token.value}",
            "content-type": media_type,
            "accept": MEDIA_TYPE_BINARY,
        }
        try:
            return await self._client.post(HTTP_BATCHES_PATH, content=body, headers=headers)
        except httpx.HTTPError as exc:
            raise UplinkUnreachableError(
                f"the cloud cannot be reached ({_words(exc)})", is_vain=True
            ) from exc

    def _read_ack(self, response: httpx.Response, batch: UplinkBatch) -> UplinkAck:
        status = response.status_code
        if status == httpx.codes.OK:
            try:
                ack = decode_ack(response.content)
            except DecodeError as exc:
                raise self._vain("the cloud's answer is not understood") from exc
            if ack.batch_id != batch.batch_id:
                raise self._vain("the cloud's answer names another batch")
            return ack
        reason = _verdict_of(response)
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE and reason:
            raise UplinkRejectedError(
                "the cloud takes no batch of this size", reason=reason, too_large=True
            )
        if status in _VERDICTS and reason:
            raise UplinkRejectedError(f"the cloud refuses the batch ({reason})", reason=reason)
        raise self._vain(f"the cloud answers {status} ({_reason_of(response)})")

    def _vain(self, reason: str) -> UplinkUnreachableError:
        """An answer that is no word of the cloud about the batch: something on the way is wrong."""
        self._fail(reason)
        return UplinkUnreachableError(reason, is_vain=True)

    async def _valid_token(self) -> _Token:
        async with self._asking:
            if self._token is None or self._clock.monotonic() >= self._token.renew_at:
                self._token = await self._ask_token()
            return self._token

    async def _ask_token(self) -> _Token:
        if self._policy.url.startswith("https:"):
            await self._time.settle()
        asked_at = self._clock.monotonic()
        try:
            response = await self._client.post(
                TOKEN_PATH,
                data={"grant_type": "client_credentials", "scope": SCOPE, **self._name()},
                auth=self._proof(),
            )
        except httpx.HTTPError as exc:
            raise UplinkUnreachableError(f"the cloud cannot be reached ({_words(exc)})") from exc
        if response.status_code in _UNKNOWN_TO_THEM and _reason_of(response) == "invalid_client":
            raise UplinkUnreachableError(WRONG_SECRET)
        if _reason_of(response) == "unauthorized_client":
            raise UplinkUnreachableError(REVOKED)
        if response.status_code != httpx.codes.OK:
            raise UplinkUnreachableError(
                f"the cloud gives no token ({response.status_code} {_reason_of(response)})"
            )
        try:
            answer = response.json()
            value, life = str(answer["access_token"]), float(answer.get("expires_in", 300))
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise UplinkUnreachableError("the cloud's token answer is not understood") from exc
        early = min(self._policy.renew_before_seconds, life / 2)
        return _Token(value, asked_at + max(_LEAST_LIFE_SECONDS, life - early))

    def _name(self) -> dict[str, str]:
        """Who we are, where the connection's certificate proves it (RFC 8705, 2)."""
        shows_certificate = bool(self._credentials.certificate_file)
        return {"client_id": self._credentials.gateway_id} if shows_certificate else {}

    def _proof(self) -> httpx.Auth:
        """Our name and secret; nothing where the connection's certificate is the proof."""
        if self._credentials.certificate_file:
            return httpx.Auth()
        return httpx.BasicAuth(self._credentials.gateway_id, self._credentials.secret)


def _reason_of(response: httpx.Response) -> str:
    """The cloud's snake_case word for what is wrong."""
    try:
        word = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return "unknown"
    return word[:64] if isinstance(word, str) else "unknown"


def _verdict_of(response: httpx.Response) -> str:
    """The reason in the contract's own error body; "" for any other body.

    A captive portal or a proxy answers with these codes too, and knows nothing of our rows.
    """
    try:
        body = response.json()
        reason, issue_type = body["error"], body["issue_type"]
    except (ValueError, KeyError, TypeError):
        return ""
    return reason[:64] if isinstance(reason, str) and isinstance(issue_type, str) else ""


def _words(exc: httpx.HTTPError) -> str:
    return (str(exc) or type(exc).__name__).lower()
