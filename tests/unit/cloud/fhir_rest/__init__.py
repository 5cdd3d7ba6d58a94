"""The parts of /fhir/R4 that need no database."""
