"""What every domain of the core stands on: errors, principals, scopes, tenancy, audit, outbox."""
