"""From evidence to people."""
