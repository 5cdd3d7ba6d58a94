"""Kinds of devices, one file each: what a 104xx device has, as data for both roles."""
