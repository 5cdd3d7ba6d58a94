"""Vehicles, gateways and the devices they carry."""
