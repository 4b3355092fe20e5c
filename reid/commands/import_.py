from __future__ import annotations

import tempfile
from pathlib import Path

from mtmc.reid.errors import ReidError

SUFFIXES = (".onnx", ".pt")


def run(source: Path, target: Path | None) -> None:
    """`reid import`: weights as torchreid publishes them, as ONNX or as a checkpoint of ours.

    Raises:
        ReidError: the file cannot be read, or is of another kind.
    """
    target = target or source.with_suffix(".onnx")
    if target.suffix not in SUFFIXES:
        raise ReidError(f"{target}: expected a name that ends in {' or '.join(SUFFIXES)}")
    if not source.is_file():
        raise ReidError(f"{source}: no such file; expected OSNet weights of torchreid (.pth)")
    from mtmc.reid.export import export_onnx
    from mtmc.reid.torchreid import read_torchreid

    checkpoint = read_torchreid(source)
    if target.suffix == ".pt":
        checkpoint.save(target)
        print(f"{target}: {checkpoint.model}, embeddings of {checkpoint.dim} numbers")
        return
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "imported.pt"
        checkpoint.save(ours)
        difference = export_onnx(ours, target)
    print(f"{target}: {checkpoint.model}; embeddings equal torch's to {difference:.0e}")
