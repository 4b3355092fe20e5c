"""Multi-camera person tracking: one id per person across all cameras."""

import os

__version__ = "0.1.0"

# OpenCV reads this once, when it is loaded: a picture of some kB may say it has gigapixels.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")
# Here, since every import of ours comes by, whichever library it loads next: ONNX Runtime reports
# to its maker and keeps a device id in the user's home unless this is set before it starts.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
