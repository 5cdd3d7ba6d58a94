"""Telephone carriers and where the numbers that are dialled lead."""
