"""What the cloud asks of the gateway, carried out once."""
