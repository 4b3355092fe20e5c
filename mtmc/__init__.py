"""Multi-camera person tracking: one id per person across all cameras."""

__version__ = "0.1.0"
