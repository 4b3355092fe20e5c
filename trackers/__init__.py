"""Single-camera multi-object tracking on numpy and scipy."""
