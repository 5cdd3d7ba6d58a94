"""Monitors that speak their own protocol on a serial line: one file each, the same observations."""
