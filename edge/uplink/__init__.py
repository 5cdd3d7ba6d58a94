"""The way to the cloud: batches go up until an acknowledgement names them."""
