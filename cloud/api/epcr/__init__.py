"""Encounters, devices and observations."""
