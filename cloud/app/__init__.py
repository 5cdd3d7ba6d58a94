"""The composition root: settings in, running programs out."""
