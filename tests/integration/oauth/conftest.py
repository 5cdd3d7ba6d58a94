"""An installation over the embedded database, an HTTP client of it, and ways to fill it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.fixtures.cloud import Installation
from tests.fixtures.key_server import KeyServer
from tests.fixtures.oauth import People


@pytest.fixture
async def http(embedded: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to the application without a socket."""
    async with embedded.client() as client:
        yield client


@pytest.fixture
def people(embedded: Installation) -> People:
    """Registers clients and people."""
    return People(embedded.database, embedded.parts.vault, embedded.clock)


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    """An address that publishes keys."""
    server = KeyServer()
    yield server
    server.close()
