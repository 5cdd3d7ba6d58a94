"""What can go wrong with the store.

StorageError
  StorageUnreachableError    no connection to the database can be made
  StorageFaultError          the database could not finish a transaction; nothing of it is kept
  StorageConflictError       a uniqueness or reference rule was broken; nothing is kept
"""

from __future__ import annotations


class StorageError(Exception):
    """Root of what this room raises."""


class StorageUnreachableError(StorageError):
    """No connection to the database can be made; the message names host or file, no secret."""


class StorageFaultError(StorageError):
    """The database gave up in the middle (disk full, connection lost, lock held too long)."""


class StorageConflictError(StorageError):
    """A uniqueness or reference rule of the schema was broken."""
