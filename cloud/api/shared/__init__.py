"""What all surfaces use: authentication, errors, strict JSON, paging."""
