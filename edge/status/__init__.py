"""How the gateway is: one snapshot a second, as a file, as lines for people, as metrics."""
