"""/fhir/R4 over HTTP."""
