"""Metric learning in closed form: XQDA, KISSME, Euclidean."""

from typing import Literal

Compare = Literal["mahalanobis", "cosine"]  # how what a metric gives is compared
