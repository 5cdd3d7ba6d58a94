"""Medical device encoding rules (20601 Annex F): numbers, times, sequences, typed records."""
