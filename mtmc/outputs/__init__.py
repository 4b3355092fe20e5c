"""What a run writes: tracks, identities, video and its own record."""
