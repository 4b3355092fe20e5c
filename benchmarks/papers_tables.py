"""Trains what the tables of two papers compare, and prints them beside the papers' numbers.

    PYTHONPATH=. python benchmarks/papers_tables.py DATA OUT [--share 0.1] [--only distillation]

Distillation paper: Tables 2 to 4. Robust-ReID: Tables 2 to 4. DATA holds `market1501` and, where it
is to be had, `dukemtmc-reid`, whose rows are left out otherwise. Call it again to go on where it
was cut off: finished trainings in OUT stay, begun ones resume. ``--share`` shortens every schedule
equally, ``--only`` takes rows whose table or name holds a word, ``--show`` trains nothing, and
``--toy`` takes four people and an epoch or three of everything, to see that all of it runs. At full
length this takes a GPU, and days. The papers start from ImageNet weights, these trainings from
random ones but for EfficientNet-Lite0, whose package has to be installed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from rich.table import Table

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.devices import pick_device
from mtmc.reid.presets import find_config
from mtmc.reid.training.config import TrainConfig
from mtmc.reid.training.engine import BEST, LAST
from mtmc.reid.training.kinds import read_training
from mtmc.reid.training.pretrained import PACKAGES

FOLDERS = {
    "market1501": ("Market-1501-v15.09.15", "market1501"),
    "dukemtmc": ("DukeMTMC-reID", "dukemtmc-reid"),
}
LITE = "efficientnet_lite0"
FROM_IMAGENET = (f"model.name={LITE}", "model.start_from=imagenet", "model.args={neck: bn}")
FROM_IMAGENET += ("input_size=[128, 128]", "optimizer.name=adamw", "schedule.lr=1.0e-3")
PLAIN, CYCLES, SWAG = (
    (f"cycles.cycles={cycles}", f"average.method={method}", f"schedule.epochs={350 + 35 * cycles}")
    for cycles, method in ((0, "none"), (15, "none"), (15, "swag"))
)
SMALL = ("model.args={blocks: inception, repeats: [2, 2, 2], pooling: avg}",)  # setup 1 of Table 3
TOY = ("sampler={people: 4, images: 2}", "average.samples=2")
TOY_PEOPLE, TOY_IMAGES, TOY_SHARE = 4, 4, 1e-3
IMAGES, SECONDS = {"cuda": 64, "cpu": 8}, 1.0  # of a timing
WIDTH = 110  # also in a log


class Row(NamedTuple):
    """One training: which table shows it, its folder in OUT, and what the paper has for it."""

    table: str
    name: str
    what: str
    paper: str
    preset: str
    changes: tuple[str, ...] = ()
    teacher: str = ""
    data: str = "market1501"


def all_rows() -> list[Row]:
    """Everything the two papers' tables show that can be trained here."""
    first = ("43.32 / 22.01", "64.46 / 38.95", "59.74 / 34.13", "68.11 / 41.52")
    market = (*first, "67.34 / 40.44", "67.37 / 39.54", "71.29 / 45.76", "70.46 / 45.24")
    first = ("30.75 / 17.04", "67.1 / 44.59", "49.69 / 28.67", "54.62 / 32.17")
    duke = (*first, "57.32 / 34.69", "57.41 / 34.86", "64.99 / 42.32", "59.69 / 38.48")
    return [
        *distillation("market1501", "", market),
        *distillation("dukemtmc", "duke/", duke),
        *robust_reid(),
    ]


def distillation(data: str, folder: str, papers: tuple[str, ...]) -> Iterator[Row]:
    """Tables 2 to 4 of the distillation paper, for one dataset."""
    table = f"distillation, Tables 2-4, {data}"
    networks = {"lomo_xqda": "LOMO + XQDA", "resnet50": "ResNet-50"}
    networks |= {f"mobilenet_{w}": f"MobileNet 0.{w[1:]}" for w in ("025", "050", "075")}
    networks["mobilenet_100"] = "MobileNet 1.0"
    for (preset, what), paper in zip(networks.items(), papers, strict=False):
        changes = ("metric.pca=2000",) if preset == "lomo_xqda" else ()
        yield Row(table, folder + preset, what, paper, preset, changes, data=data)
    yield Row(table, folder + LITE, "(Lite0, ImageNet)", "", "resnet50", FROM_IMAGENET, data=data)
    for teacher, paper in (("resnet50", papers[6]), ("mobilenet_100", papers[7]), (LITE, "")):
        name, what = f"{folder}025_of_{teacher}", f"0.25 distilled from {teacher}"
        # The same training as alone, from the same random weights; the soft term times T squared.
        changes = ("distillation.scale_soft=true",)
        yield Row(table, name, what, paper, "mobilenet_025", changes, folder + teacher, data)


def robust_reid() -> Iterator[Row]:
    """Tables 2 to 4 of Robust-ReID; a training that two tables show is done once."""
    whole, one = "robust_reid_2x_market1501", "robust_reid_1x_market1501"
    papers = "93.2 / 82.0", "94.1 / 85.3", "94.5 / 85.7", "94.9 / 86.6", "95.1 / 87.1"
    papers = (*papers, "95.3 / 87.9", "95.4 / 87.3", "95.8 / 88.7", "95.7 / 88.1")
    table = "Robust-ReID, Table 2, market1501"
    yield Row(table, "hacnn", "HA-CNN", "91.2 / 75.7", "hacnn")
    for column, paper in zip("abcdefghi", papers, strict=True):
        yield Row(table, column, column, paper, f"ablation/{column}")
    yield Row(table, whole, "Robust-ReID", "96.2 / 89.7", whole)
    table = "Robust-ReID, Table 3, market1501"
    for setting, changes, paper in (
        ("plain", PLAIN, "93.8 / 83.6"),
        ("+ LR scheme", CYCLES, "94.3 / 84.8"),
        ("+ SWAG", SWAG, "94.5 / 85.3"),
    ):
        name = "setup1" + setting.replace(" ", "")
        yield Row(table, name, f"1, {setting}", paper, "ablation/g", (*SMALL, *changes))
    yield Row(table, "g", "2, plain", "95.4 / 87.3", "ablation/g")
    yield Row(table, "g+LR", "2, + LR scheme", "95.8 / 88.2", "ablation/g", CYCLES)
    yield Row(table, "h", "2, + SWAG", "95.8 / 88.7", "ablation/h")
    yield Row(table, "i", "3, plain", "95.7 / 88.1", "ablation/i")
    yield Row(table, "i+LR", "3, + LR scheme", "95.7 / 88.9", "ablation/i", CYCLES)
    yield Row(table, whole, "3, + SWAG", "96.2 / 89.7", whole)
    table = "Robust-ReID, Table 4"
    yield Row(table, "h", "1x, market1501", "95.8 / 88.7", one)
    yield Row(table, whole, "2x, market1501", "96.2 / 89.7", whole)
    for width, paper in (("1x", "88.8 / 78.9"), ("2x", "89.8 / 80.3")):
        preset = f"robust_reid_{width}_dukemtmc"
        yield Row(table, preset, f"{width}, dukemtmc", paper, preset, data="dukemtmc")


def main() -> None:
    """Train what is missing and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of every schedule's epochs")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--toy", action="store_true")
    parser.add_argument("--device")
    options = parser.parse_args()
    if options.toy:
        options.data, options.share = toy_data(options.data, options.out / "data"), TOY_SHARE
    rows = [row for row in all_rows() if options.only in f"{row.table} {row.name}"]
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for data in sorted(FOLDERS):
        if not any((options.data / folder).is_dir() for folder in FOLDERS[data]):
            console.print(f"left out: {data}, of which {options.data} holds nothing")
            rows = [row for row in rows if row.data != data]
    failed: dict[str, str] = {}
    for row in [] if options.show else rows:
        reason = missing(row, options) or (row.name not in failed and train(row, options))
        if reason:
            failed[row.name] = str(reason)
            console.print(f"{row.name}: {reason}", highlight=False)
    show(rows, console, options)


def missing(row: Row, options: argparse.Namespace) -> str:
    """Why a row cannot be trained here."""
    if row.preset == "resnet50" and row.changes and find_spec(PACKAGES[LITE][1]) is None:
        return f"needs the package {PACKAGES[LITE][0]}"
    if row.teacher and not (options.out / row.teacher / BEST).exists():
        return f"its teacher, {row.teacher}, is missing"
    return ""


def train(row: Row, options: argparse.Namespace) -> str:
    """Train it unless that is done; the last line of what went wrong, empty where nothing did."""
    out = options.out / row.name
    if (out / BEST).exists():  # written after the last epoch alone
        return ""
    settings = [*row.changes, f"data.train=[{row.data}]", f"data.test=[{row.data}]"]
    if row.teacher:
        settings.append(f"distillation.teacher={options.out / row.teacher / BEST}")
        # A teacher of one epoch knows nobody yet, and would be refused.
        settings += ["distillation.head=means"] if options.toy else []
    if row.preset != "lomo_xqda":
        settings += [*(TOY if options.toy else ()), "evaluation.every=0"]
        settings += shortened(row, settings, options.share)
    program = "from mtmc.reid.cli import main; main()"
    call = [sys.executable, "-c", program, "train", row.preset, "--data", str(options.data)]
    call += ["--out", str(out), *(["--resume"] if (out / LAST).exists() else [])]
    call += [part for s in settings for part in ("--set", s)]
    call += ["--device", options.device] if options.device else []
    print(row.name, *call[3:], flush=True)
    done = subprocess.run(call, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]


def shortened(row: Row, settings: list[str], share: float) -> list[str]:
    """Settings that shorten a schedule with all that it is made of."""
    config = read_training(find_config(row.preset), settings)
    assert isinstance(config, TrainConfig)
    plan, cycles = config.schedule, config.cycles
    milestones = [max(1, round(share * m)) for m in plan.milestones]
    # A toy's fifteen cycles would still be many; elsewhere their number is part of the method.
    count = min(cycles.cycles, 2) if share == TOY_SHARE else cycles.cycles
    length = max(1, round(share * cycles.length))
    before = max(1, round(share * (plan.epochs - cycles.epochs)))
    return [
        f"schedule.epochs={before + count * length}",
        f"schedule.warmup_epochs={round(share * plan.warmup_epochs)}",
        f"schedule.milestones={milestones}",
        f"cycles.cycles={count}",
        f"cycles.length={length}",
    ]


def toy_data(data: Path, out: Path) -> Path:
    """The pictures of a few people out of each dataset's three folders."""
    for folders in FOLDERS.values():
        for folder in (data / name for name in folders if (data / name).is_dir()):
            for part in sorted(p for p in folder.iterdir() if p.is_dir()):
                people: dict[str, list[Path]] = {}
                for path in sorted(part.glob("[0-9]*.jpg")):
                    people.setdefault(path.name.split("_")[0], []).append(path)
                known = [group for pid, group in people.items() if int(pid) > 0][:TOY_PEOPLE]
                (out / folder.name / part.name).mkdir(parents=True, exist_ok=True)
                for path in (p for group in known for p in _spread(group)):
                    shutil.copy(path, out / folder.name / part.name)
    return out


def _spread(group: list[Path]) -> list[Path]:
    """A few of a person's pictures, from first camera to last."""
    return group[:: -(-len(group) // TOY_IMAGES)]


def images_per_second(checkpoint: Checkpoint, device: torch.device) -> float:
    """Of the network alone, in batches, without decoding and resizing."""
    network = checkpoint.build().eval().to(device)
    images = torch.rand(IMAGES[device.type], 3, *checkpoint.preprocess.size, device=device)
    done, passed = 0, 0.0
    with torch.no_grad():
        network(images)
        _wait(device)
        start = time.perf_counter()
        while passed < SECONDS:
            network(images)
            _wait(device)
            done, passed = done + len(images), time.perf_counter() - start
    return done / passed


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def show(rows: list[Row], console: Console, options: argparse.Namespace) -> None:
    """One table for each of the papers' tables; the times of one device."""
    device = pick_device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    for title in dict.fromkeys(row.table for row in rows):
        table = Table("", "paper", "here", f"images/s, {name}", title=title)
        for row in (row for row in rows if row.table == title):
            best, here, speed = options.out / row.name / BEST, "", ""
            if best.exists():
                checkpoint = Checkpoint.open(best)
                scores = checkpoint.metrics["scores"][row.data]
                here = f"{100 * scores['rank1']:.2f} / {100 * scores['mAP']:.2f}"
                speed = f"{images_per_second(checkpoint, device):.0f}"
            table.add_row(row.what, row.paper, here or "not run", speed)
        console.print(table)
    if options.toy:
        console.print("A toy's numbers mean nothing.")
    elif options.share != 1:
        console.print(f"Every schedule is {options.share:g} of its length.")


if __name__ == "__main__":
    main()
