"""What speaks for two tracklets being one person."""
