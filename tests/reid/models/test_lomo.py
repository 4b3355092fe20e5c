from __future__ import annotations

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.models import build
from mtmc.reid.models.lomo import Lomo, hsv_bins, siltp_bins

SIZE = (56, 44)  # small, with blocks in all three scales


def pictures(count=2, size=SIZE) -> np.ndarray:
    """Smooth enough that blocks differ, noisy enough that all patterns occur."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: size[0], : size[1]] / 20
    waves = [np.sin(y * a + x * b + c) for a, b, c in rng.uniform(0, 3, (3 * count, 3))]
    smooth = np.stack(waves).reshape(count, 3, *size) / 2 + 0.5
    return (0.7 * smooth + 0.3 * rng.random(smooth.shape)).astype(np.float32)


def slow_hsv_bin(red, green, blue) -> int:
    value, least = max(red, green, blue), min(red, green, blue)
    hue = saturation = 0.0
    if value > least:
        saturation = (value - least) / value
        if value == red:
            hue = ((green - blue) / (value - least)) % 6
        elif value == green:
            hue = (blue - red) / (value - least) + 2
        else:
            hue = (red - green) / (value - least) + 4
    h, s, v = (min(7, int(8 * level)) for level in (hue / 6, saturation, value))
    return h + 8 * s + 64 * v


def slow_siltp_bin(grey, y, x, radius) -> int:
    height, width = grey.shape
    code = 0
    for digit, (dy, dx) in enumerate(((0, radius), (-radius, 0), (0, -radius), (radius, 0))):
        other = grey[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)]
        if other > 1.3 * grey[y, x]:
            code += 3**digit
        elif other < 0.7 * grey[y, x]:
            code += 2 * 3**digit
    return code


def slow_retinex(image) -> np.ndarray:
    channels, height, width = image.shape
    out = np.log(1 + 255 * image)
    for sigma in (5, 20):
        for y in range(height):
            for x in range(width):
                dy, dx = np.arange(height) - y, np.arange(width) - x
                weight = np.exp(-(dy[:, None] ** 2 + dx**2) / (2 * sigma**2))
                for c in range(channels):
                    mean = (255 * image[c] * weight).sum() / weight.sum()
                    out[c, y, x] -= np.log(1 + mean) / 2
    low, high = out.mean() - 2 * out.std(ddof=1), out.mean() + 2 * out.std(ddof=1)
    return ((out - low) / (high - low)).clip(0, 1)


def slow_halved(image) -> np.ndarray:
    channels, height, width = image.shape
    out = np.zeros((channels, height // 2, width // 2), image.dtype)
    for y in range(height // 2):
        for x in range(width // 2):
            out[:, y, x] = image[:, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean(axis=(1, 2))
    return out


def slow_description(bins_of_scales, count) -> np.ndarray:
    numbers = []
    for bins in bins_of_scales:
        height, width = bins.shape
        for top in range(0, height - 10 + 1, 5):
            most = np.zeros(count)
            for left in range(0, width - 10 + 1, 5):
                histogram = np.zeros(count)
                for y in range(top, top + 10):
                    for x in range(left, left + 10):
                        histogram[bins[y, x]] += 1
                most = np.maximum(most, histogram)
            numbers.append(np.log(most + 1))
    vector = np.concatenate(numbers)
    return vector / np.sqrt((vector**2).sum())


def slow_lomo(image, retinex) -> np.ndarray:
    image = image.astype(np.float64)
    colors = slow_retinex(image) if retinex else image
    grey = (0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2])[None]
    color_scales, grey_scales = [colors], [grey]
    for _ in range(2):
        color_scales.append(slow_halved(color_scales[-1]))
        grey_scales.append(slow_halved(grey_scales[-1]))
    hsv = [
        np.array([[slow_hsv_bin(*c[:, y, x]) for x in range(c.shape[2])] for y in range(len(c[0]))])
        for c in color_scales
    ]
    parts = [slow_description(hsv, 512)]
    for radius in (3, 5):
        codes = [
            np.array(
                [
                    [slow_siltp_bin(g[0], y, x, radius) for x in range(g.shape[2])]
                    for y in range(g.shape[1])
                ]
            )
            for g in grey_scales
        ]
        parts.append(slow_description(codes, 81))
    return np.concatenate(parts)


@pytest.mark.parametrize("retinex", [False, True])
def test_the_descriptor_is_that_of_slow_loops(retinex) -> None:
    images = pictures()
    with torch.no_grad():
        rows = Lomo(retinex, SIZE)(torch.from_numpy(images)).numpy()
    expected = np.stack([slow_lomo(image, retinex) for image in images])
    assert rows.shape == expected.shape
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    assert np.abs(rows[0] - rows[1]).max() > 0.01


def test_its_length_is_the_papers_and_all_rows_are_equally_long() -> None:
    network = build("lomo")
    assert (network.dim, network.input_size) == (26960, (128, 48))
    images = torch.from_numpy(pictures(3, (128, 48)))
    images[2] = 0.4  # nothing to see is a description, too
    with torch.no_grad():
        rows = network(images)
    assert torch.isfinite(rows).all()
    kinds = rows.split([512 * 40, 81 * 40, 81 * 40], dim=1)
    for kind in kinds:
        torch.testing.assert_close(kind.norm(dim=1), torch.ones(3))


def test_known_colours() -> None:
    colors = {(1, 0, 0): 0, (0, 1, 0): 2, (0, 0, 1): 5, (1, 1, 0): 1, (0.5, 0, 0.25): 7}
    for color, hue in colors.items():
        image = torch.tensor(color).view(1, 3, 1, 1)
        value = min(7, int(8 * max(color)))
        assert hsv_bins(image).item() == hue + 8 * 7 + 64 * value
    grey = torch.full((1, 3, 1, 1), 0.3)
    assert hsv_bins(grey).item() == 64 * 2


def test_texture_does_not_see_the_light() -> None:
    grey = torch.from_numpy(pictures()[:, 0])
    assert torch.equal(siltp_bins(grey, 3), siltp_bins(grey * 0.25, 3))
    assert (siltp_bins(torch.full((1, 12, 12), 0.5), 3) == 0).all()


def test_a_size_that_does_not_fit() -> None:
    with pytest.raises(reid.ReidError, match="size must be at least 40 pixels"):
        build("lomo", size=[128, 39])
    with pytest.raises(ValueError, match=r"expected images of \(128, 48\), got \(64, 48\)"):
        build("lomo")(torch.zeros(1, 3, 64, 48))
