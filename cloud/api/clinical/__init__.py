"""The clinical surfaces: what administers their clients, keys, scopes and people."""
