"""Engine, column types and the unit of work: one transaction, two databases."""
