"""The durable store between devices and cloud: what is appended is safe until it is settled."""
