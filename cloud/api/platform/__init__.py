"""Tokens, keys, scopes and applications."""
