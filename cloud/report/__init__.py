"""The handover on paper."""
