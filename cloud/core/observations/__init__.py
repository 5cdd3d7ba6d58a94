"""Observations as rows: idempotent recording, series, gaps."""
