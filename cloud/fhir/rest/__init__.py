"""The record as resources that are read and searched one by one: what /fhir/R4 serves."""
