"""Tenants: the organisations whose data is kept apart."""
