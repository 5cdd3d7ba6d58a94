"""FHIR R4 over REST: /fhir/R4."""
