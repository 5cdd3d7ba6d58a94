"""What an organisation was let into after somebody looked at why it wants it."""
