from __future__ import annotations

import tempfile
from pathlib import Path

from mtmc.reid.embedder import file_and_output
from mtmc.reid.errors import ReidError


def run(source: Path, target: Path | None, *, int8: bool, calibration: Path | None) -> None:
    """`reid export`: a checkpoint as ONNX, in floats or in 8-bit integers.

    Raises:
        ReidError: the options contradict each other, or the file cannot be read or converted.
    """
    source, exit = file_and_output(source)
    named = source.stem if exit is None else f"{source.stem}@{exit}"
    target = target or source.with_name(named + ("_int8.onnx" if int8 else ".onnx"))
    if target.suffix != ".onnx":
        raise ReidError(f"{target}: expected a name that ends in .onnx")
    if not source.is_file():
        raise ReidError(f"{source}: no such file; expected a checkpoint written by `reid train`")
    if not int8:
        if calibration is not None:
            raise ReidError("--calibration is for --int8; add it or leave both out")
        from mtmc.reid.export import export_onnx

        difference = export_onnx(source, target, exit)
        print(f"{target}: embeddings equal torch's to {difference:.0e}")
        return
    if calibration is None:
        raise ReidError(
            "--int8 has to see crops like those it will embed: add --calibration DIR, "
            "a folder of some hundred"
        )
    cosine = _int8(source, target, calibration, exit)
    print(f"{target}: mean cosine to the float embeddings {cosine:.4f}")


def _int8(source: Path, target: Path, calibration: Path, exit: str | None) -> float:
    from mtmc.reid.quantise import quantise

    if source.suffix.lower() == ".onnx":
        if exit is not None:
            raise ReidError(f"{source}@{exit}: --int8 cuts checkpoints only, expected a .pt")
        return quantise(source, target, calibration)
    from mtmc.reid.export import export_onnx

    with tempfile.TemporaryDirectory() as folder:
        floats = Path(folder) / "float.onnx"
        export_onnx(source, floats, exit)
        return quantise(floats, target, calibration)
