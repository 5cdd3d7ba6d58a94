"""What the service says of itself to programs and to people: descriptions, schemas, documents."""
