"""The documents of the API, for programs, for readers of text and for people."""

from __future__ import annotations

import re
from typing import Final, cast

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.discovery.apis import APIS, DOCUMENTS, LLMS
from cloud.api.discovery.documents import Code, Document, Table, as_json, as_markdown
from cloud.api.discovery.topics import BY_NAME, INDEX, TOPICS, Source, document_of, index, llms_text
from cloud.api.shared import accept
from cloud.api.shared.assets import read_assets, serve_asset
from cloud.api.shared.contract import CONTRACT_VERSION
from cloud.api.shared.documentation import described
from cloud.api.shared.entity_tags import tagged_octets
from cloud.api.shared.errors import accepted
from cloud.api.shared.services import AllServices, Services
from cloud.core.kernel.errors import MalformedError, NotFoundError
from cloud.core.kernel.exact_json import dumps

router = APIRouter(tags=["Discovery"], include_in_schema=False)

READ: Final = ["GET", "HEAD"]
JSON: Final = "json"
MARKDOWN: Final = "markdown"
HTML: Final = "html"
MEDIA: Final = {JSON: "application/json", MARKDOWN: "text/markdown", HTML: "text/html"}
"""The formats by name; of those a caller likes alike, the first."""
_CACHED: Final = {"Cache-Control": "public, max-age=300", "Vary": "Accept"}
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_STATE: Final = "documents"
_STATIC: Final = f"{DOCUMENTS}/static"
_ASSETS: Final = read_assets("cloud.api.discovery")
_MARKED: Final = re.compile(r"`([^`]+)`|(https?://[^\s`|]+)")


def _with_marks(text: str) -> Markup:
    """Text with its code and its addresses marked."""
    parts, position = [], 0
    for found in _MARKED.finditer(text):
        parts.append(escape(text[position : found.start()]))
        code, address = (escape(one or "") for one in found.groups())
        parts.append(
            Markup("<code>{}</code>").format(code)
            if code
            else Markup('<a href="{}">{}</a>').format(address, address)
        )
        position = found.end()
    return Markup("").join([*parts, escape(text[position:])])


_TEMPLATES: Final = Environment(
    loader=PackageLoader("cloud.api.discovery"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["marks"] = _with_marks
_TEMPLATES.filters["anchor"] = lambda title: re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
_TEMPLATES.tests["table"] = lambda part: isinstance(part, Table)
_TEMPLATES.tests["code"] = lambda part: isinstance(part, Code)


@router.api_route(DOCUMENTS, methods=READ)
def documents(request: Request, services: AllServices, format: str = "") -> Response:
    """Which topics there are."""
    return _answer(request, services, INDEX, format)


@router.get(f"{_STATIC}/{{name}}")
def static(request: Request, name: str) -> Response:
    """What the pages look like."""
    return serve_asset(request, _ASSETS, name)


@router.api_route(DOCUMENTS + "/{topic}", methods=READ)
def one_document(request: Request, topic: str, services: AllServices, format: str = "") -> Response:
    """One topic."""
    if topic not in BY_NAME:
        raise NotFoundError("unknown_topic", "Use a topic that /api/docs lists.")
    return _answer(request, services, topic, format)


@router.api_route(LLMS, methods=READ)
def llms(request: Request, services: AllServices) -> Response:
    """The topics for language models."""
    text = llms_text(_source(request, services))
    return tagged_octets(request, text.encode(), "text/plain; charset=utf-8", _CACHED)


def _answer(request: Request, services: Services, name: str, wanted: str) -> Response:
    header = accepted(request)
    if not wanted and not accept.admits(header, MEDIA.values()):
        raise HTTPException(406)
    form = wanted or max(MEDIA, key=lambda one: accept.quality(header, MEDIA[one]))
    if form not in MEDIA:
        raise MalformedError(
            "unknown_document_format", "Send format=json, markdown or html, or none."
        )
    body = _octets(request, services, name, form)
    media_type = MEDIA[form] if form == JSON else f"{MEDIA[form]}; charset=utf-8"
    headers = {"Content-Security-Policy": _POLICY} if form == HTML else {}
    return tagged_octets(request, body, media_type, {**_CACHED, **headers})


def _octets(request: Request, services: Services, name: str, form: str) -> bytes:
    """A document in one form, made once a process."""
    kept = getattr(request.app.state, _STATE, None)
    if kept is None:
        kept = {}
        setattr(request.app.state, _STATE, kept)
    made = cast("dict[tuple[str, str], bytes]", kept)
    if (name, form) not in made:
        source = _source(request, services)
        document = index(source) if name == INDEX else document_of(BY_NAME[name], source)
        made[name, form] = _in_form(document, form)
    return made[name, form]


def _in_form(document: Document, form: str) -> bytes:
    if form == JSON:
        return dumps({"contract_version": CONTRACT_VERSION, **as_json(document)})
    if form == MARKDOWN:
        return as_markdown(document).encode()
    apis = {api.name for api in APIS}
    page = _TEMPLATES.get_template("document.html").render(
        document=document,
        static=_STATIC,
        home=DOCUMENTS,
        version=CONTRACT_VERSION,
        rules=[topic for topic in TOPICS if topic.name not in apis],
        apis=[topic for topic in TOPICS if topic.name in apis],
    )
    return page.encode()


def _source(request: Request, services: Services) -> Source:
    return Source(
        services.authorization.issuer, described(request, services), services.sandbox.netloc
    )
