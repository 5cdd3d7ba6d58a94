"""Sensors between a patient and a device: late, averaged, with a resolution and troubles."""
