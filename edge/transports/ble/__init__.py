"""Bluetooth LE: discovery, pairing, links, and what keeps them alive for months."""
