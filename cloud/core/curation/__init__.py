"""Curated GraphQL operations: which documents there are, and which application may run them."""
