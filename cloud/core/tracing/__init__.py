"""What requests did, span by span, for those who integrate: kept for days, without patient data."""
