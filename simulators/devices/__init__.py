"""Simulated devices, one file each, and what they share."""
