"""Finding out where cameras stand."""
