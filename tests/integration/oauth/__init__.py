"""The authorization server as clients and attackers meet it."""
