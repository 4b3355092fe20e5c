"""What becomes known of who is who, as it does: events, their log, and where they are sent."""
