"""Bluetooth GATT health profiles: characteristic values -> records -> observations, one file each."""
