"""Recorded exchanges: the capture file format, and the `sessions` of a vectors file."""
