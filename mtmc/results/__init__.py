"""A folder of results: what its files are called, and the one reader of them."""

from mtmc.results.results import Results

__all__ = ["Results"]
