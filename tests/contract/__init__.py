"""What we promised others: the API's description as it was last agreed."""
