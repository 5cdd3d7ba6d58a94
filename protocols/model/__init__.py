"""The shared domain model in the words of IEEE 11073-10206: one set of types, device to FHIR."""
