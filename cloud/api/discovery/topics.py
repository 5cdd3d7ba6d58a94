"""The topics of the API's documents: each made from what runs, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloud.api.discovery import guidance, lists
from cloud.api.discovery.apis import APIS, DOCUMENTS, Api, api_of
from cloud.api.discovery.documents import Document, Section, Table
from cloud.api.discovery.events import events
from cloud.api.discovery.graphql_guidance import graphql
from cloud.api.discovery.operations import Operation, operations
from cloud.api.shared.contract import CONTRACT_VERSION

INDEX: Final = "index"
_SAYS: Final = "Devices, observations and encounters of an ambulance fleet, up to the hospital."


@dataclass(frozen=True, slots=True)
class Source:
    """What documents are made from: who issues tokens, the description of what runs, and where the
    sandbox is.
    """

    issuer: str
    description: Mapping[str, Any]
    sandbox_host: str = ""

    def operations(self) -> tuple[Operation, ...]:
        """Every operation by address and method."""
        return operations(self.description)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A document before it is made: how it is called, and by what."""

    name: str
    title: str
    says: str
    sections: Callable[[Source], tuple[Section, ...]]


_MORE: Final[Mapping[str, Callable[[str], tuple[Section, ...]]]] = {"graphql": graphql}
"""What an API's topic tells besides its operations."""


def _of_api(api: Api) -> Topic:
    def sections(source: Source) -> tuple[Section, ...]:
        found = [one for one in source.operations() if api_of(one.path) is api]
        rows = tuple(
            (f"`{one.name}`", one.summary, " or ".join(f"`{scope}`" for scope in one.scopes))
            for one in found
        )
        overview = Section("Operations", (Table(("operation", "what it does", "scope"), rows),))
        more = _MORE[api.name](source.issuer) if api.name in _MORE else ()
        return *more, overview, *(one.section() for one in found)

    return Topic(name=api.name, title=api.title, says=api.says, sections=sections)


TOPICS: Final[tuple[Topic, ...]] = (
    Topic(
        name="authentication",
        title="Authentication",
        says="How tokens are had, and how they are sent.",
        sections=lambda source: guidance.authentication(source.issuer),
    ),
    Topic(
        name="conventions",
        title="Conventions",
        says="What every call has in common: repeats, pages, tags, traces, limits.",
        sections=lambda _: guidance.conventions(),
    ),
    Topic(
        name="errors",
        title="Errors",
        says="The shape of a refusal, and every reason there is for one.",
        sections=lambda _: lists.errors(),
    ),
    Topic(
        name="scopes",
        title="Scopes",
        says="What a token may open, and which operations ask for it.",
        sections=lambda source: lists.scopes(source.operations()),
    ),
    Topic(
        name="events",
        title="Events",
        says="What webhooks tell: every event, how it is written and signed, when it comes again.",
        sections=lambda _: events(),
    ),
    Topic(
        name="sandbox",
        title="Sandbox",
        says="Where calls do what they do in earnest, and nothing is real.",
        sections=lambda source: guidance.sandbox(source.sandbox_host),
    ),
    Topic(
        name="schemas",
        title="Schemas",
        says="The bodies that are exchanged, each as a JSON Schema.",
        sections=lambda source: lists.schemas(source.description, source.issuer),
    ),
    Topic(
        name="versions",
        title="Versions",
        says="The version of the contract, and what will end when.",
        sections=lambda _: lists.versions(),
    ),
    *(_of_api(api) for api in APIS),
)
BY_NAME: Final = {topic.name: topic for topic in TOPICS}


def document_of(topic: Topic, source: Source) -> Document:
    """The topic, made."""
    return Document(
        name=topic.name, title=topic.title, says=topic.says, sections=topic.sections(source)
    )


def index(source: Source) -> Document:
    """Which topics there are."""
    rows = tuple(
        (topic.title, topic.says, f"{source.issuer}{DOCUMENTS}/{topic.name}") for topic in TOPICS
    )
    return Document(
        name=INDEX,
        title="Vitalwire API",
        says=_SAYS,
        sections=(
            Section("Topics", (Table(("topic", "what it tells", "address"), rows),)),
            Section("How to read this", (guidance.reading(source.issuer),)),
        ),
    )


def llms_text(source: Source) -> str:
    """The index for language models: a heading, a sentence, links to Markdown."""
    lines = [
        "# Vitalwire",
        "",
        f"> {_SAYS} Contract version {CONTRACT_VERSION}.",
        "",
        guidance.reading(source.issuer),
        "",
    ]
    api_names = {api.name for api in APIS}
    for head, is_api in (("Rules", False), ("APIs", True)):
        lines += [f"## {head}", ""]
        lines += [
            f"- [{topic.title}]({source.issuer}{DOCUMENTS}/{topic.name}?format=markdown): "
            f"{topic.says}"
            for topic in TOPICS
            if (topic.name in api_names) == is_api
        ]
        lines.append("")
    lines += [
        "## Descriptions",
        "",
        *(f"- [{title}]({source.issuer}{path}): {says}" for title, path, says in guidance.FILES),
    ]
    return "\n".join(lines) + "\n"
