"""After the commit: outbox relay and device silence."""
