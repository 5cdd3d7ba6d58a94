"""What octets say, for people: the `decode` command."""
