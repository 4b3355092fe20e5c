"""Detectors in ONNX files, run by ONNX Runtime alone, in the layouts that people export."""

from mtmc.detectors.onnx.detector import OnnxConfig, OnnxDetector

__all__ = ["OnnxConfig", "OnnxDetector"]
