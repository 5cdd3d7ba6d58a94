"""What a run opens before its tasks begin: the data folder and the links."""

from __future__ import annotations

import logging
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

from edge.clock import Clock, ClockKeeper
from edge.errors import SettingsError, StartError
from edge.settings import EdgeSettings
from edge.uplink.cloud_time import CloudTime
from edge.uplink.credentials import Credentials
from edge.uplink.https import HttpsLink
from edge.uplink.link import LinkClient
from edge.uplink.mqtt import MqttLink

log = logging.getLogger(__name__)


async def make_links(
    settings: EdgeSettings, clock: Clock, keeper: ClockKeeper, stack: AsyncExitStack
) -> list[LinkClient]:
    links: list[LinkClient] = []
    _check_authority(settings.uplink.ca_file)
    _check_certificate(settings.certificate_file)
    credentials = Credentials(
        tenant_id=settings.tenant_id,
        gateway_id=settings.gateway_id,
        secret=settings.read_secret(),
        certificate_file=settings.certificate_file,
    )
    https = settings.uplink.https
    time = CloudTime(keeper, https, settings.certificate_file)
    if (mqtt := settings.uplink.mqtt) is not None:
        links.append(MqttLink(mqtt, credentials, clock, time))
    if https is not None:
        link = HttpsLink(https, credentials, clock, time)
        links.append(await stack.enter_async_context(link))
    return links


def _check_authority(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path or None)
    except OSError as exc:
        raise SettingsError(
            f"uplink.ca_file {path} holds no certificate that can be read",
            mend="Name a PEM file with the authority of the cloud's certificate",
        ) from exc


def _check_certificate(path: str) -> None:
    try:
        if path:
            ssl.create_default_context().load_cert_chain(path)
    except OSError as exc:
        raise SettingsError(
            f"certificate_file {path} holds no certificate with its key",
            mend="Enrol the gateway, or name a PEM file with both",
        ) from exc


def data_folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StartError(
            f"the data folder {folder} cannot be made ({(exc.strerror or '').lower()})",
            mend="Name another folder in 'data'",
        ) from exc
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        log.warning(
            "data folder open to others folder=%s mode=%04o mend=%r", folder, mode, "chmod 700"
        )
    return folder
