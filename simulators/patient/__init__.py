"""The patient: one model on one clock, asked by every sensor of every device."""
