"""A receiving hospital for the length of a test: a third-party FHIR server on loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.acceptance.judges import HERE, install_node_packages

ANSWER_SECONDS = 900.0
"""The peer looks through all it holds for every entry; on a busy machine a page takes minutes."""


class Hospital:
    """Takes transactions and answers with one status an entry."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def post(self, bundle: bytes) -> list[tuple[str, str]]:
        """Post a transaction: (resource type, status) of every entry, in order."""
        answer = self._client.post(
            "/", content=bundle, headers={"content-type": "application/fhir+json"}
        )
        assert answer.status_code == 200, answer.text
        kinds = [entry["resource"]["resourceType"] for entry in json.loads(bundle)["entry"]]
        statuses = [entry["response"]["status"] for entry in answer.json()["entry"]]
        return list(zip(kinds, statuses, strict=True))

    def search(self, query: str) -> list[dict[str, object]]:
        """The resources a search finds."""
        answer = self._client.get(f"/{query}")
        assert answer.status_code == 200, answer.text
        return [entry["resource"] for entry in answer.json().get("entry", [])]


@contextmanager
def open_hospital() -> Iterator[Hospital]:
    """A fresh, empty hospital."""
    install_node_packages()
    process = subprocess.Popen(
        ["node", str(HERE / "hospital.mjs")], stdout=subprocess.PIPE, cwd=HERE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS
            ) as client:
                yield Hospital(client)
        finally:
            process.terminate()
