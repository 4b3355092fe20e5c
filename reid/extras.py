"""Packages that not everybody needs, and the extras that bring them."""

from __future__ import annotations

# import name -> extra of mtmc
EXTRAS = {
    "torch": "reid",
    "torchvision": "reid",
    "timm": "reid",
    "ultralytics": "ultralytics",
    "openvino": "openvino",
    "anny": "sim",
    "warp": "sim",
    "motmetrics": "motmetrics",
    "matplotlib": "plot",
    "starlette": "viewer",
    "uvicorn": "viewer",
    "paho": "mqtt",
    "redis": "redis",
    "confluent_kafka": "kafka",
    "ray": "cluster",
}


def what_to_install(error: ImportError) -> str | None:
    """One line for a package of an extra that is not installed, None for any other error."""
    if "libGL" in str(error):
        return (
            "OpenCV needs libGL, which servers lack: "
            "pip uninstall -y opencv-python && pip install opencv-python-headless"
        )
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        return None
    return f"this needs {package}, which is not installed: {install(EXTRAS[package])}"


def install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'mtmc[{extra}]'"
