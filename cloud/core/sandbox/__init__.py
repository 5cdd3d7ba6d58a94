"""Sandboxes: what is played in them, how a token for one is had, and how one is emptied."""
