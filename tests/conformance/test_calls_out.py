"""One guard for every call out of the cloud: no other module opens a connection of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conformance.test_source_rules import PRODUCT, breaches, calls, name_of, parse

GUARD: Final = "cloud/core/kernel/outbound/"
CLIENTS: Final = re.compile(
    r"(http\.client|http\.cookiejar|urllib\.request|urllib3|httpx|httpcore|requests|aiohttp|h11|h2"
    r"|socks|smtplib|ftplib|imaplib|poplib|telnetlib|nntplib|xmlrpc|websockets?|websocket_client"
    r"|paramiko|grpc|dns|saml2\.httpbase|socket)(\.|$)"
)
FIRST_WORDS: Final = re.compile(
    r"(?m)^\s*(import|from) +(http|urllib|httpx?|httpcore|requests|aiohttp|h11|h2|socks|smtplib"
    r"|ftplib|imaplib|poplib|telnetlib|nntplib|xmlrpc|websocket|paramiko|grpc|dns|saml2|socket)"
    r"|_connection\(|urlopen|urlretrieve|connect_ex|sock_connect|getaddrinfo|gethostbyname"
)
"""Without one of these a file need not be parsed."""
OPENING: Final = re.compile(
    r"(^|\.)(create_connection|open_connection|open_unix_connection|urlopen|urlretrieve|connect_ex"
    r"|sock_connect|getaddrinfo|gethostbyname|gethostbyname_ex)$"
)
MAY: Final = {
    # They listen, or name a type: what they call is an operator's own.
    "cloud/app/listening.py": {"socket"},
    "cloud/ingest/mqtt.py": {"socket"},
    "cloud/exchange/mllp_sending.py": {"socket"},
}


def clients(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of every module imported that makes calls."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names = [module, *(f"{module}.{name}" for name in names)]
        for name in names:
            found = CLIENTS.match(name)
            if found is not None:
                yield node.lineno, found[1]


def of_file(path: Path) -> Iterator[str]:
    if FIRST_WORDS.search(path.read_text(encoding="utf-8")):
        yield from calls_out_itself(name_of(path), parse(path))


def calls_out_itself(source: str, tree: ast.Module) -> Iterator[str]:
    may = MAY.get(source, set())
    for line, name in clients(tree):
        if name not in may:
            yield f":{line} imports {name}: call over cloud.core.kernel.outbound"
    for line, call in calls(tree):
        if OPENING.search(call):
            yield f":{line} {call}: call over cloud.core.kernel.outbound"


def test_nothing_but_the_guard_calls_out_of_the_cloud() -> None:
    guarded = [
        path
        for path in PRODUCT
        if name_of(path).startswith("cloud/") and not name_of(path).startswith(GUARD)
    ]
    assert len(guarded) > 100
    assert breaches(guarded, of_file) == ""


def test_the_rule_sees_each_way_round_the_guard() -> None:
    for source in (
        "import httpx",
        "import urllib.request",
        "from urllib import request",
        "from http import client",
        "from http.client import HTTPConnection as Harmless",
        "import socket",
        "def late() -> None:\n    import requests.sessions",
        "import asyncio\nasyncio.open_connection('a', 1)",
        "loop.create_connection(factory, 'a', 1)",
    ):
        assert list(calls_out_itself("cloud/core/x.py", ast.parse(source))), source
        assert FIRST_WORDS.search(source), source
    for source in ("import urllib.parse", "import http", "from http import HTTPStatus"):
        assert not list(calls_out_itself("cloud/core/x.py", ast.parse(source))), source
    assert not list(calls_out_itself("cloud/app/listening.py", ast.parse("import socket")))
