"""The flight recorder: the raw octets of every device in a ring on disk.

It never blocks a driver and never fails one: what it cannot take it counts and lets go.
"""
