"""Long work that a client starts, follows, and fetches the result of."""
