"""Bundles are files, and a file that says something wrong is not served."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.core.curation.bundles import BundleError, bundle, bundles, read_bundle
from cloud.core.curation.documents import read_document
from cloud.core.kernel.errors import NotFoundError

TEXT = "{ acqiMetrics { name } }"
DOCUMENT: dict[str, Any] = {
    "id": "figures",
    "text": TEXT,
    "sha256": read_document(TEXT).fingerprint,
    "required_scopes": ["argus:acqi:read"],
}
GOOD: dict[str, Any] = {"name": "a-b", "version": 1, "purpose": "Read.", "documents": [DOCUMENT]}


def test_a_bundle_is_found_by_name_its_newest_version_first() -> None:
    assert bundle("acqi").version == max(one.version for one in bundles() if one.name == "acqi")
    assert bundle("acqi", 1).version == 1
    for name, version in (("acqi", 9999), ("none", None)):
        with pytest.raises(NotFoundError, match="unknown_bundle"):
            bundle(name, version)


def test_a_file_is_read_as_it_stands() -> None:
    read = read_bundle(GOOD)
    assert (read.name, read.version, read.purpose) == ("a-b", 1, "Read.")
    assert read.documents[0].read.document_id == f"sha256:{DOCUMENT['sha256']}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "A"}, "small letters"),
        ({"version": 0}, "number from 1"),
        ({"version": True}, "number from 1"),
        ({"documents": []}, "there are documents"),
        ({"documents": [DOCUMENT, DOCUMENT]}, "twice"),
        ({"documents": [{**DOCUMENT, "id": "a b"}]}, "letters and digits"),
        ({"documents": [{**DOCUMENT, "text": "{"}]}, "syntax"),
        ({"documents": [{**DOCUMENT, "sha256": "0" * 64}]}, "sha256 would be"),
        ({"documents": [{**DOCUMENT, "required_scopes": []}]}, "which scopes"),
        ({"documents": [{**DOCUMENT, "required_scopes": ["argus:acqi:*"]}]}, "catalogue"),
    ],
)
def test_a_file_that_says_something_wrong_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BundleError, match=said):
        read_bundle({**GOOD, **change})


@pytest.mark.parametrize("member", sorted(GOOD))
def test_every_member_has_to_be_there(member: str) -> None:
    with pytest.raises(BundleError, match=f"{member} is missing"):
        read_bundle({name: value for name, value in GOOD.items() if name != member})
