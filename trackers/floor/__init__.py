"""People followed on the floor, over all cameras together."""
