"""What can be subscribed to: each topic with the acts of an encounter it tells of.

R4 has no SubscriptionTopic; a topic is known by its canonical address (Subscriptions R5 Backport).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cloud.core.encounters.record import ActKind
from cloud.fhir.json import Element

BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
_OPERATION: Final = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"
_LISTED: Final = f"{BACKPORT}/capabilitystatement-subscriptiontopic-canonical"


@dataclass(frozen=True, slots=True)
class Topic:
    """A word of ours, and the acts that are told."""

    name: str
    acts: frozenset[str]
    says: str


TOPICS: Final[tuple[Topic, ...]] = (
    Topic("encounter-created", frozenset((ActKind.CREATED,)), "An encounter began."),
    Topic("prealert", frozenset((ActKind.PRE_ALERT,)), "A hospital was told who is coming."),
    Topic(
        "handover",
        frozenset((ActKind.HANDED_OVER, ActKind.AMENDED)),
        "A patient was handed over, or what was handed over was amended.",
    ),
)
BY_NAME: Final = {topic.name: topic for topic in TOPICS}


def canonical(base: str, name: str) -> str:
    """The address of a topic of the server at `base`."""
    return f"{base}/SubscriptionTopic/{name}"


def topic_of(base: str, url: str) -> Topic | None:
    """The topic of an address; None for any other."""
    return BY_NAME.get(url.removeprefix(f"{base}/SubscriptionTopic/"))


def capability(base: str) -> Element:
    """How the CapabilityStatement tells of subscriptions."""
    codes = ("create", "read", "update", "delete", "search-type")
    return {
        "extension": [
            {"url": _LISTED, "valueCanonical": canonical(base, topic.name)} for topic in TOPICS
        ],
        "type": "Subscription",
        "supportedProfile": [f"{BACKPORT}/backport-subscription"],
        "documentation": " ".join(
            [
                "Topic-based subscriptions over rest-hook; a client sees its own.",
                *(f"{topic.name}: {topic.says}" for topic in TOPICS),
            ]
        ),
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned",
        "updateCreate": False,
        "searchParam": [
            {"name": "_id", "type": "token"},
            {"name": "status", "type": "token"},
            {"name": "url", "type": "uri"},
        ],
        "operation": [
            {
                "name": name,
                "definition": f"{_OPERATION}/backport-subscription-{name}",
            }
            for name in ("status", "events")
        ],
    }
