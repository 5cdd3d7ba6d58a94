"""The types that are served, a file each."""
