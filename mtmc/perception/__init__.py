"""What the networks say of each frame."""
