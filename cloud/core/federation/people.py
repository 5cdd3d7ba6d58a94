"""Whom an identity provider means: somebody known here, or a new person where that is allowed."""

from __future__ import annotations

from cloud.core.federation.assertions import Asserted
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.federation.tables import SamlConnectionRow
from cloud.core.identity.people import NewPerson, create_person, person_of_identity
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import DomainError, DuplicateError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork


def person_of(
    work: UnitOfWork,
    vault: Vault,
    connection: SamlConnectionRow,
    asserted: Asserted,
    caller: Principal,
) -> UserRow:
    """The person; SamlRefusedError `unknown_person`, `person_stopped`, `address_taken` or
    `no_attributes`.

    An address alone makes nobody known: who has it at the identity provider need not be who has it
    here. Such a person is linked by an administrator.
    """
    user = person_of_identity(
        work,
        tenant_id=connection.tenant_id,
        issuer=connection.entity_id,
        subject=asserted.subject,
    )
    if user is None:
        if not connection.provisions:
            raise SamlRefusedError("unknown_person")
        return _provisioned(work, vault, connection, asserted, caller)
    if not user.is_active:
        raise SamlRefusedError("person_stopped")
    return user


def _provisioned(
    work: UnitOfWork,
    vault: Vault,
    connection: SamlConnectionRow,
    asserted: Asserted,
    caller: Principal,
) -> UserRow:
    told = {
        name: asserted.attributes.get(attribute, ("",))[:1]
        for name, attribute in connection.attribute_names.items()
    }
    values = {name: "".join(one) for name, one in told.items()}
    person = NewPerson(
        email=values["email"],
        given_name=values["given_name"],
        family_name=values["family_name"],
        roles=tuple(connection.roles),
        issuer=connection.entity_id,
        subject=asserted.subject,
    )
    try:
        user = create_person(work, vault, tenant_id=connection.tenant_id, person=person)
    except DuplicateError as exc:
        raise SamlRefusedError("address_taken") from exc
    except DomainError as exc:
        raise SamlRefusedError("no_attributes") from exc
    audit.record(work, caller, "user.provisioned", "user", user.user_id)
    return user
