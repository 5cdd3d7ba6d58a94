"""`certify`: a real device through the checks of 20601, as its manager, with a report."""
