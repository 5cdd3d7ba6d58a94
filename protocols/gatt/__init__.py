"""Bluetooth GATT health profiles: characteristic values to records to observations, a file each."""
