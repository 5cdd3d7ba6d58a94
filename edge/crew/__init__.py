"""The page the crew works with, on the vehicle's own network: no cloud needed, no data unlocked."""
