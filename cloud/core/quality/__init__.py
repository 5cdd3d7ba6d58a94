"""Ambulance clinical quality indicators (ACQI): definitions as data, judged case by case."""
