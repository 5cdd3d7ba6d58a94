"""Surfaces: routers and models over the core; none knows another."""
