from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mtmc.reid.errors import ReidError
from mtmc.reid.onnx_embedder import OnnxEmbedder, without_normalisation
from mtmc.reid.onnx_pixels import LEVELS
from mtmc.reid.openvino_session import OpenvinoSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from mtmc.reid.preprocess import Preprocess

ZOO = "person-reidentification-"  # so the Open Model Zoo's begin


class OpenvinoEmbedder(OnnxEmbedder):
    """Serves a model in OpenVINO's format on the CPU, otherwise as `OnnxEmbedder` does.

    Those of the Open Model Zoo, known by their names, are given grey levels in BGR.
    """

    def _providers_of(self, device: str | None) -> list[str]:
        if device not in {None, "cpu"}:
            raise ReidError(f"{self._path}: models of OpenVINO run on the CPU only, not {device!r}")
        return ["CPUExecutionProvider"]

    def _open(self, model: str | bytes, providers: list[str]) -> OpenvinoSession:
        del model, providers
        try:
            return OpenvinoSession(self._path, self._workers)
        except ValueError as error:
            raise ReidError(f"{self._path}: {error}") from error

    def _freed(self, providers: list[str]) -> None:
        """One picture at a time on each thread is as fast."""

    def _first_steps(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        session: Any = self._session
        return session.first_steps()  # type: ignore[no-any-return]

    def _usual_preprocess(self) -> Preprocess:
        usual = super()._usual_preprocess()
        if not self._path.stem.startswith(ZOO):
            return usual
        return replace(without_normalisation(usual, LEVELS), color="bgr")
