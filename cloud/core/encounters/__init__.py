"""Encounters: life cycle, binding of readings, handover."""
