"""`vitalwire-cloud apps | users | keys | audit | ...`: what an operator does on the machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cloud.app.access_commands import add_access_commands, run_access_command
from cloud.app.application_commands import add_application_commands, run_application_command
from cloud.app.audit_commands import add_audit_commands, run_audit_command
from cloud.app.hospital_commands import add_hospital_commands, run_hospital_command
from cloud.app.key_commands import add_key_commands, run_key_command
from cloud.app.opening import StartError
from cloud.app.operation_commands import add_operation_commands, run_operation_command
from cloud.app.organisation_commands import (
    add_product_commands,
    add_site_commands,
    add_tenant_commands,
    list_tenants,
    run_product_command,
    run_site_command,
)
from cloud.app.parts import Parts
from cloud.app.people_commands import add_people_commands, ask_password, run_people_command
from cloud.app.retention_commands import (
    add_erase_commands,
    add_retention_commands,
    run_erase_command,
    run_retention_command,
)
from cloud.app.webhook_commands import add_webhook_commands, run_webhook_command
from cloud.core.identity.service import tenant
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.scopes import PLATFORM_ADMIN
from cloud.core.kernel.work import StorageError

ADMINISTRATION: Final = {
    "apps": add_application_commands,
    "users": add_people_commands,
    "keys": add_key_commands,
    "audit": add_audit_commands,
    "tenants": add_tenant_commands,
    "products": add_product_commands,
    "sites": add_site_commands,
    "hospitals": add_hospital_commands,
    "webhooks": add_webhook_commands,
    "retention": add_retention_commands,
    "erase": add_erase_commands,
    "access": add_access_commands,
    "operations": add_operation_commands,
}
"""The commands, and what adds their acts."""
_OF_TENANTS: Final = {
    "apps": run_application_command,
    "users": run_people_command,
    "products": run_product_command,
    "sites": run_site_command,
    "webhooks": run_webhook_command,
    "retention": run_retention_command,
    "erase": run_erase_command,
    "operations": run_operation_command,
}


def run_administration(parts: Parts, given: argparse.Namespace, show: Callable[[str], None]) -> int:
    """Carry one out and show what it says; the exit code. StartError says what is wrong.

    What is shown once is shown before it is final: what could not be shown is not kept.
    """
    try:
        if given.command == "audit":
            lines, code = run_audit_command(parts, given)
            show("\n".join(lines))
            return code
        if given.command == "keys":
            show("\n".join(run_key_command(parts, given)))
            return 0
        if given.command == "hospitals":
            show("\n".join(run_hospital_command(parts, given)))
            return 0
        if given.command == "access":
            show("\n".join(run_access_command(parts, given)))
            return 0
        if given.command == "tenants":
            show("\n".join(list_tenants(parts)))
            return 0
        if given.act == "set-password":
            given.password = ask_password()
        caller = replace(service_principal(given.tenant, "operator"), scopes=(PLATFORM_ADMIN,))
        with parts.database.begin(now=parts.clock()) as work:
            tenant(work, given.tenant)
            show("\n".join(_OF_TENANTS[given.command](parts, work, caller, given)))
    except DomainError as exc:
        raise StartError(f"{exc.reason}: {exc.message.rstrip('.')}") from exc
    except OSError as exc:
        raise StartError(f"nothing was changed: it could not be printed ({exc.strerror})") from exc
    except StorageError as exc:
        raise StartError(f"{exc}, so nothing was changed. Run it again") from exc
    return 0
