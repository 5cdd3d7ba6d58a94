"""Who wants to be told when something happens to an encounter, and what they were told."""
