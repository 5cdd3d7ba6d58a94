"""NEMSIS 3.5: an encounter as the national data set of EMS wants it."""
