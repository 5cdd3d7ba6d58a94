"""The other end of every agreement: devices around one patient, and the demo of the whole."""
