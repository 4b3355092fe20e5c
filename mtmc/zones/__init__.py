"""Many cameras: zones of neighbouring ones, and a directory of who went from one to the next."""
