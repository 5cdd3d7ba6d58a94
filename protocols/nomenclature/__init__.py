"""The terms of 11073-10101: codes, names, units, a table each partition, and what finds them."""
