"""The core: rules, rows and life cycles, without a web framework."""
