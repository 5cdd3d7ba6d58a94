"""TLS of the servers: certificates of the operator's, or of the fleet's own authority.

Clients are asked for a certificate of the authority and may do without; what a client without one
may do is for each server to say.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Final

from cloud.app.opening import StartError
from cloud.app.parts import Parts
from cloud.core.devices.authority import AUTHORITY, fleet_key, issue_server
from cloud.core.kernel.vault import VaultError
from cloud.settings import CloudSettings

FOLDER: Final = "tls"
AUTHORITY_FILE: Final = "authority.pem"


def server_tls(parts: Parts) -> ssl.SSLContext | None:
    """What a server needs for TLS, None when the settings want none; StartError when it fails."""
    settings = parts.settings
    if not uses_tls(settings):
        return None
    try:
        folder = settings.data / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        authority = write_authority(parts, folder)
        certificate, key = server_files(parts, folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except VaultError as exc:
        raise StartError(f"the fleet's authority cannot be opened: {exc}") from exc
    except (OSError, ssl.SSLError) as exc:
        raise StartError(
            f"the server's certificate cannot be used ({exc.strerror or type(exc).__name__}). "
            "Correct tls_certificate_file and tls_key_file, or name tls_hosts instead"
        ) from exc
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def uses_tls(settings: CloudSettings) -> bool:
    """Whether the servers speak TLS."""
    return settings.tls_certificate_file is not None or bool(settings.tls_hosts)


def is_own_authority(settings: CloudSettings) -> bool:
    """Whether the servers' certificates are of the fleet's own authority."""
    return settings.tls_certificate_file is None and bool(settings.tls_hosts)


def write_authority(parts: Parts, folder: Path) -> Path:
    """The authority's certificate as a file; VaultError, OSError."""
    with parts.database.begin(now=parts.clock()) as work:
        public = fleet_key(work, parts.vault, AUTHORITY).public
    path = folder / AUTHORITY_FILE
    write_private(path, public.encode())
    return path


def server_files(parts: Parts, folder: Path) -> tuple[Path, Path]:
    """A server's certificate and key as files, of the operator's or our own making."""
    settings = parts.settings
    if settings.tls_certificate_file is not None:
        return settings.tls_certificate_file, settings.tls_key_file or settings.tls_certificate_file
    names = tuple(name.strip() for name in settings.tls_hosts.split(",") if name.strip())
    with parts.database.begin(now=parts.clock()) as work:
        authority = fleet_key(work, parts.vault, AUTHORITY)
    certificate, key = issue_server(authority, names, now=parts.clock())
    write_private(folder / "server.pem", certificate)
    write_private(folder / "server.key", key)
    return folder / "server.pem", folder / "server.key"


def write_private(path: Path, octets: bytes) -> None:
    """Put `octets` in place of a file, readable by its owner only."""
    draft = path.with_name(f".{path.name}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(octets)
    draft.replace(path)
