"""Octets from and to real things: one file a scheme, one line a scheme in `registry`."""
