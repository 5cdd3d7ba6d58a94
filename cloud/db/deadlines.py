"""How long the statements of one unit may take, in both databases."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from sqlalchemy import text

from cloud.db.unit_of_work import UnitOfWork

_STEPS: Final = 20_000
"""Instructions of SQLite's machine between two looks at the clock: some milliseconds."""


@contextmanager
def within(work: UnitOfWork, seconds: float) -> Iterator[None]:
    """Have the database give up on statements of this block that run longer than these seconds
    together (SQLite), or each (PostgreSQL). Outside, the unit turns that into StorageFaultError.
    """
    if work.is_postgresql:
        milliseconds = max(1, math.ceil(seconds * 1000))
        # PostgreSQL takes no parameter here; it ends with the transaction.
        work.session.execute(text(f"SET LOCAL statement_timeout = {milliseconds:d}"))
        yield
        return
    driver = cast("sqlite3.Connection", work.session.connection().connection.driver_connection)
    ends = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
