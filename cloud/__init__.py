"""The service: one core under thin surfaces."""
