"""HL7 version 2.5.1: messages as octets, their frames and their acknowledgements. No network."""
