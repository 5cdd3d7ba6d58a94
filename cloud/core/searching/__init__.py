"""Searching what is stored: conditions, orders and pages as SQL, for surfaces that hold none."""
