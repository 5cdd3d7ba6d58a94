"""The authorization server's own addresses: tokens, metadata, and the pages a person meets."""
