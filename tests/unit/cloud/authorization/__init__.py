"""The pure parts of the authorization server."""
