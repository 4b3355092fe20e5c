"""Training: from a configuration to a checkpoint."""
