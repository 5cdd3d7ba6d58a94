"""Agreements between two parties: pure values, codecs and state machines; no I/O, no clock."""
