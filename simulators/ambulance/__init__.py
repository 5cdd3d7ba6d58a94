"""A whole vehicle in one process: every device at one patient, on one clock, with its wires."""
