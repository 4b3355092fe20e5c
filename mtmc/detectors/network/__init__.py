"""Detectors that are networks in files."""
