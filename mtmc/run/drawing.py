"""The pictures and videos of a run, drawn of its finished table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from mtmc.calibration import Calibration
from mtmc.files import replacing
from mtmc.outputs import floor
from mtmc.outputs.anonymise import hide
from mtmc.outputs.floor import Extent, FloorPlan
from mtmc.outputs.mosaic import Labels, Mosaic
from mtmc.outputs.paths import FloorPaths, floor_paths
from mtmc.outputs.tracks import TrackTable
from mtmc.outputs.video import VideoWriter
from mtmc.results import layout
from mtmc.results.hidden import Hidden
from mtmc.run.config import OutputConfig
from mtmc.sources import CameraReader, align
from mtmc.types import Frame


class Drawing:
    """Draws a run.

    Args:
        out: folder for the pictures.
        readers: the cameras, to be read from their beginning.
        models: of the calibrated ones, for their images.
        table: of the run.
        things: what was taken for furniture.
        output: how large pictures may be.
        hidden: where people are, if they are not to be recognized.
    """

    def __init__(
        self,
        out: Path,
        readers: Sequence[CameraReader],
        models: Mapping[str, Calibration],
        table: TrackTable,
        things: TrackTable,
        output: OutputConfig,
        hidden: Hidden | None = None,
    ) -> None:
        self._things, self._hidden = things, hidden
        self._out, self._readers, self._table, self._output = out, readers, table, output
        self._fps = {reader.name: reader.fps for reader in readers}
        self._rate = max(self._fps.values())
        self._floor: tuple[FloorPlan, FloorPaths] | None = None
        if models:
            paths = floor_paths(table, self._rate)
            extent = Extent.around(paths, models)
            self._floor = FloorPlan(extent, models, output.width, output.height), paths

    def clear(self, mosaic: bool) -> None:
        """Remove what would show another run."""
        names = [layout.FLOOR_PICTURE, layout.FLOOR_VIDEO, *([layout.MOSAIC] if mosaic else [])]
        for name in names:
            (self._out / name).unlink(missing_ok=True)

    def floor_picture(self) -> None:
        """Draw everybody's path on the floor, if there is a calibration."""
        if self._floor:
            floor.write_picture(self._out / layout.FLOOR_PICTURE, *self._floor)

    def videos(self, done: Callable[[int, int], None]) -> None:
        """Go through the videos once more and draw what is now known.

        Args:
            done: hears how many frames of how many are drawn.
        """
        self._mosaic(done)
        if self._floor:
            floor.write_video(self._out / layout.FLOOR_VIDEO, *self._floor)

    def _labels(self, number: int, frame: int) -> Labels:
        rows, ids = self._table.rows_at(number, frame)
        things, numbers = self._things.rows_at(number, frame)
        boxes = np.concatenate([things["box"], rows["box"]])
        seen = np.concatenate([things["detected"], rows["detected"]])
        return boxes, np.concatenate([-numbers, ids]), seen

    def _anonymised(self, frame: Frame) -> Frame:
        mode = self._output.anonymise
        if mode is None:
            return frame
        if self._hidden is None:
            raise ValueError("an anonymised run is drawn with what is hidden")
        boxes = self._hidden.at(frame.camera, frame.index, self._fps[frame.camera])
        return replace(frame, image=hide(frame.pixels, boxes, mode))

    def _mosaic(self, done: Callable[[int, int], None]) -> None:
        readers, output = self._readers, self._output
        numbers = {reader.name: number for number, reader in enumerate(readers)}
        sizes = {reader.name: reader.size for reader in readers}
        zeros = {reader.name: reader.zero for reader in readers}
        mosaic = Mosaic(sizes, output.width, output.height, zeros, self._table.names)
        for reader in readers:
            # What is hidden is told in whole pictures.
            reader.start(scale=1.0 if output.anonymise else mosaic.scale(reader.name))
        total, drawn = sum(reader.total or 0 for reader in readers), 0
        try:
            with (
                replacing(self._out / layout.MOSAIC) as partial,
                closing(VideoWriter(partial, mosaic.size, self._rate)) as writer,
            ):
                for step in align(readers):
                    frames = {name: self._anonymised(frame) for name, frame in step.items()}
                    labels = {n: self._labels(numbers[n], f.index) for n, f in step.items()}
                    time = min(frame.time for frame in step.values())
                    writer.write(mosaic.draw(frames, labels), time)
                    drawn += len(step)
                    done(drawn, max(total, drawn))
        finally:
            for reader in readers:
                reader.close()
