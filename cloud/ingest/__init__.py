"""Batches from gateways: decode, record, acknowledge."""
