"""The only loops with I/O and a clock: one for each device."""
