"""How long what is stored is kept, what may not go, and how it goes."""
