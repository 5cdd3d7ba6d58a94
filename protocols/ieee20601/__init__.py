"""IEEE 11073-20601: both roles of an association, from octets to observations."""
