from __future__ import annotations

from typing import TYPE_CHECKING

from mtmc.reid.configuration import build_config, read_values
from mtmc.reid.metric.config import MetricTraining
from mtmc.reid.training.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_training(path: Path, settings: Sequence[str] = ()) -> TrainConfig | MetricTraining:
    """A training's settings; those with a ``metric`` learn one, the others learn by gradients.

    Args:
        path: a YAML file.
        settings: like ``schedule.epochs=10``, which win over the file.

    Raises:
        ReidError: the file cannot be read, a key does not exist, or a value does not fit.
    """
    values = read_values(path, settings)
    if "metric" in values:
        return build_config(MetricTraining, values, str(path))
    return build_config(TrainConfig, values, str(path))
