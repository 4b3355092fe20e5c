"""A run's boxes in the formats of other tools: each module has one function, ``write``."""
