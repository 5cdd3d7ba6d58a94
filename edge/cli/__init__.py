"""The commands of `vitalwire-edge`, one file each; `registry.COMMANDS` lists them."""
