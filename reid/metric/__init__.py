"""Metric learning in closed form: XQDA, KISSME, Euclidean."""
