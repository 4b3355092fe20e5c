from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtmc.reid.commands.train import check_out, run_training
from mtmc.reid.configuration import complaint, read_config
from mtmc.reid.data import open_dataset
from mtmc.reid.data.crops import read_crops
from mtmc.reid.data.images import Dataset
from mtmc.reid.errors import ReidError
from mtmc.reid.presets import find_config
from mtmc.reid.training.config import DataConfig, TrainConfig
from mtmc.reid.training.recipe import SamplerConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

SIMILARITY_WEIGHT = 1.0  # where the configuration gives none; there is nothing else to learn


def run(
    name: str,
    teacher: str,
    folder: Path,
    settings: Sequence[str],
    tests: Sequence[str],
    out: Path | None,
    *,
    resume: bool,
    device: str | None,
) -> None:
    """`reid distill`: learn a teacher's similarities on crops without ids.

    Raises:
        ReidError: a setting, the teacher, the crops or the output folder is not as it should be.
    """
    path = find_config(name)
    config = read_config(TrainConfig, path, settings)
    out = out or Path("out") / "reid" / path.stem
    check_out(out, resume=resume)
    crops = read_crops(folder)
    if len(crops) < config.sampler.batch_size:
        raise ReidError(
            f"{folder}: holds {len(crops)} crops, a batch takes {config.sampler.batch_size}; lower "
            "sampler.people or sampler.images, or add crops"
        )
    try:
        config = without_labels(config, teacher, folder, tests)
    except ValueError as error:
        raise ReidError(f"{path}: {complaint(error)}") from error
    nobody = crops.where(crops.pids < 0)
    test = [open_dataset(spec, Path()) for spec in tests]
    run_training(
        config,
        [Dataset("crops", crops, nobody, nobody)],
        test,
        out,
        resume=resume,
        device=device,
    )


def without_labels(
    config: TrainConfig, teacher: str, folder: Path, tests: Sequence[str]
) -> TrainConfig:
    """The same training, but for what takes ids: similarities are all that is learned."""
    distillation = replace(
        config.distillation,
        teacher=teacher,
        soft_weight=0.0,
        similarity_weight=config.distillation.similarity_weight or SIMILARITY_WEIGHT,
        label_weight=0.0,
    )
    return replace(
        config,
        data=DataConfig(train=(f"crops={folder}",), test=tuple(tests)),
        distillation=distillation,
        # Batches as large, of any images.
        sampler=SamplerConfig(people=config.sampler.batch_size, images=1),
    )
