"""What a resolver is told: who asks, of what, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import strawberry

from cloud.api.shared.services import Services
from cloud.core.kernel.errors import ForbiddenError, UnavailableError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import check_required
from cloud.core.kernel.work import StorageFaultError, UnitOfWork, within

TIMED_OUT: Final = "timed_out"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an operation has to be done, by a clock that only goes forward."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @property
    def left(self) -> float:
        """Seconds that are left, 0 when none are."""
        return max(0.0, self.at - self.clock())


@dataclass(frozen=True, slots=True)
class Asking:
    """One operation being answered."""

    caller: Principal
    services: Services
    deadline: Deadline

    @contextmanager
    def work(self, *scopes: str) -> Iterator[UnitOfWork]:
        """A unit of the one field that asks for it, which needs all of these scopes.

        The document's own scopes were checked before; this holds whoever wrote the document. A
        field that fails takes back what it did, and no other field's. ForbiddenError, or
        UnavailableError `timed_out`.
        """
        missing = [one for one in map(check_required, scopes) if not self.caller.may(one)]
        if missing:
            raise lacking(missing)
        seconds = self.deadline.left
        if not seconds:
            raise _timed_out()
        try:
            with (
                self.services.database.begin(now=self.services.clock()) as work,
                within(work, seconds),
            ):
                yield work
        except StorageFaultError:
            if not self.deadline.left:
                raise _timed_out() from None
            raise

    def check_tenant(self, tenant_id: str) -> None:
        """ForbiddenError `tenant_mismatch` unless an argument names the caller's own tenant."""
        if not self.caller.is_of(tenant_id):
            raise ForbiddenError(
                "tenant_mismatch", "Name the tenant that the token and X-Tenant-ID name."
            )


Info = strawberry.Info[Asking, None]


def lacking(scopes: list[str]) -> ForbiddenError:
    """The refusal of a caller who lacks these scopes."""
    return ForbiddenError(
        "insufficient_scope",
        "Ask an administrator of the tenant for the scopes in extensions.required.",
        details={"required": scopes},
    )


def _timed_out() -> UnavailableError:
    return UnavailableError(TIMED_OUT, "It took too long. Ask for less at once.", retry_after=1)
