"""From linear light to the picture a cheap camera gives: lens, sensor, colour, tone."""

from __future__ import annotations

import cv2
import numpy as np

from mtmc.simulate.body import Floats
from mtmc.simulate.camera import Picture


class Sensor:
    """One camera's picture chain.

    Args:
        picture: the camera's settings.
        empty: the empty place in linear light, ``(H, W, 3)`` RGB; exposure is set on it once, as
            automatic exposure settles on a scene.
        rng: the source of the noise.
    """

    def __init__(self, picture: Picture, empty: Floats, rng: np.random.Generator) -> None:
        self.picture, self.rng = picture, rng
        height, width = empty.shape[:2]
        grey = empty.mean(-1)
        level = float(np.exp(np.log(grey + 1e-3).mean()))
        # Mid grey where the logarithmic mean is, but most of the picture below white.
        gain = min(0.17 / level, 0.75 / float(np.percentile(grey, 88)))
        self.gain = np.float32(gain * picture.exposure)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        far = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) / 0.5
        blue, green, red = picture.white
        self.gains = (
            (1 - picture.vignette * far**1.5)[..., None] * np.array([red, green, blue])
        ).astype(np.float32) * self.gain
        self.curve = self._curve()
        # Noise of several frames, drawn once and shifted: new noise per pixel costs too much.
        shape = (height + 64, width + 64, 3)
        grain = rng.normal(size=shape).astype(np.float32)
        coarse = cv2.resize(
            rng.normal(size=(shape[0] // 2, shape[1] // 2, 3)).astype(np.float32), shape[1::-1]
        )
        self.noise = (0.75 * grain + 0.7 * coarse) * picture.noise

    def _curve(self) -> Floats:
        """Tone curve from linear 0..4 in 4096 steps to grey levels: shoulder, gamma, contrast."""
        x = np.linspace(0, 4, 4096)
        # Reinhard's curve with white at 2.5: highlights roll off, mid grey stays.
        x = x * (1 + x / 9.0) / (1 + x)
        x = x / (2.5 * (1 + 2.5 / 9.0) / (1 + 2.5))
        y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.clip(x, 0, None) ** (1 / 2.4) - 0.055)
        y = np.clip(y, 0, 1.2) ** self.picture.gamma
        y = 0.45 + (y - 0.45) * self.picture.contrast
        return (255 * y).astype(np.float32)

    def expose(self, light: Floats) -> np.ndarray:
        """Take a picture.

        Args:
            light: ``(H, W, 3)`` RGB linear float32.

        Returns:
            ``(H, W, 3)`` uint8 BGR.
        """
        picture = self.picture
        light = light.astype(np.float32) * self.gains
        light = cv2.GaussianBlur(light, (0, 0), picture.blur)
        index = np.clip(light * np.float32(1023.75), 0, 4095).astype(np.int32)
        image = self.curve[index]
        grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
        image = grey[..., None] + (image - grey[..., None]) * np.float32(picture.saturation)
        dy, dx = self.rng.integers(0, 64, 2)
        flip = 1 if self.rng.random() < 0.5 else -1
        h, w = image.shape[:2]
        # Shot noise grows with the root of the light; dark pixels still have read noise.
        amount = 0.55 + 0.45 * np.sqrt(np.clip(grey, 0, 255) / 118)
        image = image + self.noise[dy : dy + h, dx : dx + w][:, ::flip] * amount[..., None]
        return np.ascontiguousarray(np.clip(image + 0.5, 0, 255).astype(np.uint8)[..., ::-1])
