"""What each camera sees of each person: tracks, and what is remembered of them."""
