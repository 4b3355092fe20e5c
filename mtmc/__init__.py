"""Multi-camera person tracking: one id per person across all cameras."""

import os

__version__ = "0.1.0"

# OpenCV reads this once, when it is loaded: a picture of some kB may say it has gigapixels.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")
