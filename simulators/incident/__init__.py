"""One incident from the emergency call to the ledger, every program a process of its own."""
