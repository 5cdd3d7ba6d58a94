"""What a device says over GATT: one file a kind."""
