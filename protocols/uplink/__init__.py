"""The contract between gateway and cloud: batches up, acknowledgements down."""
