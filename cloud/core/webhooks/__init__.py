"""Webhooks: which events there are, who wants them, and what was delivered."""
