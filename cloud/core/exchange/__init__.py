"""What goes out to hospitals: where to, what, and what became of it."""
