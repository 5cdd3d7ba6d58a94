"""What an organisation registers on the control plane, one engine for all of it."""
