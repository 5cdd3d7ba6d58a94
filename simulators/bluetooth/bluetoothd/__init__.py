"""A stand-in for bluetoothd: the same objects, errors and timings over a virtual host."""
