"""`POST /graphql`: curated operations of approved applications, and nothing else."""
