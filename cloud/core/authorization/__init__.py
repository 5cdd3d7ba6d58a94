"""The authorization server: clients, tokens, keys."""
