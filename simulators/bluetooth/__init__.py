"""Bluetooth without a radio: a virtual air, devices on it, and a bluetoothd for hosts."""
