"""The gateway in the vehicle: devices in, a durable buffer in the middle, the cloud out."""
