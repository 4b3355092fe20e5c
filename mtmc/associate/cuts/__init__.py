"""Tracks that changed from one person to another."""
