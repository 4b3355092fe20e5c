"""Person re-identification: train, evaluate and serve embedding models.

``reid.load(path)`` opens what ``reid train`` or ``reid export`` wrote (and any ONNX model) as an
`Embedder`. Importing this package loads numpy only; torch, OpenCV and onnxruntime come with the
first model that needs them.
"""

from mtmc.reid.embedder import Embedder, load
from mtmc.reid.errors import ReidError

__all__ = ["Embedder", "ReidError", "load"]
