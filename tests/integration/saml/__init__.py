"""Signing in over an identity provider."""
