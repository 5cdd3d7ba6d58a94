"""A shift of an ambulance in a fraction of its time, with everything that can go wrong in it."""
