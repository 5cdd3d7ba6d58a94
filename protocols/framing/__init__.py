"""Frames around octets on lines that need them: HDLC-like with FCS-16, PHDC over USB and NFC."""
