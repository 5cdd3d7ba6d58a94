"""What can be made to go wrong on the air, in a device and in bluetoothd, while it runs."""
