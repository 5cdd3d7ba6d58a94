"""From what a device said to what the vehicle keeps."""
