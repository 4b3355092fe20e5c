"""The LOMO descriptor: hand-made features, as a network without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from mtmc.reid.models.base import EmbeddingNet
from mtmc.reid.preprocess import Preprocess

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALES = 3
BLOCK, STEP = 10, 5  # pixels; blocks overlap by half, so they are 2 x 2 cells of STEP pixels
HSV_BINS = 8  # per channel
RADII = (3, 5)  # pixels from a pixel to the four it is compared with
SILTP_TOLERANCE = 0.3
SIGMAS = (5.0, 20.0)  # pixels, of the surrounds in the Retinex
STRETCH = 2.0  # standard deviations of the Retinex's output that become half of the range
LUMA = (0.299, 0.587, 0.114)  # of red, green, blue: ITU-R BT.601


class Lomo(EmbeddingNet):
    """Local maximal occurrence: of each colour and texture, the most that a stripe's blocks hold.

    Joint HSV histograms (8 x 8 x 8) and two SILTP texture histograms (81 each) of 10 x 10 blocks,
    every 5 pixels, on the image and on its halves and quarters; of all blocks at one height the
    maximum of each bin, which forgives a person's turning. Then ``log(1 + count)``, and unit
    length for each of the three kinds. For 128 x 48 these are (24 + 11 + 5) x 674 = 26,960
    numbers. All rows have the length sqrt(3): their cosine ranks as their Euclidean distance.

    Three things that the paper leaves open: of the Retinex's output, the mean over all channels
    less and plus two standard deviations become 0 and 1 (this, its minimum and maximum, three
    deviations, and no Retinex were compared on pku-reid's training people); half and quarter
    images are averages of colours, not of histogram indices; outside the image, SILTP sees the
    nearest pixel inside.

    Args:
        retinex: even out the light before colours are counted (texture is never touched).
        size: ``(height, width)`` of the images in pixels.

    Raises:
        ValueError: the images are so small that a scale has no block.

    Source:
        Liao et al., "Person Re-identification by Local Maximal Occurrence Representation and
        Metric Learning", CVPR 2015, section 3; Jobson et al., "A multiscale Retinex", 1997;
        Liao et al., "Modeling pixel process with scale invariant local patterns", CVPR 2010.
    """

    surround_rows: Tensor
    surround_columns: Tensor

    def __init__(self, retinex: bool = True, size: tuple[int, int] = (128, 48)) -> None:
        height, width = size
        if min(height, width) < BLOCK << (SCALES - 1):
            raise ValueError(
                f"size must be at least {BLOCK << (SCALES - 1)} pixels each way, got {size}"
            )
        stripes = sum(_blocks(height >> scale) for scale in range(SCALES))
        super().__init__((stripes * (HSV_BINS**3 + len(RADII) * 3**4),))
        self.input_size = (height, width)
        self.retinex = retinex
        for name, length in (("surround_rows", height), ("surround_columns", width)):
            smoothing = torch.stack([_smoothing(length, sigma) for sigma in SIGMAS])
            self.register_buffer(name, smoothing, persistent=False)

    def preprocess(self) -> Preprocess:
        """Pixels from 0 to 1."""
        return Preprocess(self.input_size, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))

    def parts(self, images: Tensor) -> list[Tensor]:
        """The descriptor of RGB images ``(N, 3, H, W)`` from 0 to 1."""
        if tuple(images.shape[2:]) != self.input_size:
            raise ValueError(f"expected images of {self.input_size}, got {tuple(images.shape[2:])}")
        images = images.contiguous().clamp(0, 1)
        colors = self._evened_out(images) if self.retinex else images
        red, green, blue = images.unbind(1)
        grey = (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue).unsqueeze(1)
        kinds: list[list[Tensor]] = [[hsv_bins(half) for half in _halves(colors)]]
        greys = [half.squeeze(1) for half in _halves(grey)]
        kinds += [[siltp_bins(half, radius) for half in greys] for radius in RADII]
        counts = (HSV_BINS**3, *(3**4 for _ in RADII))
        return [
            torch.cat(
                [_description(maps, count) for maps, count in zip(kinds, counts, strict=True)],
                dim=1,
            )
        ]

    def _evened_out(self, images: Tensor) -> Tensor:
        """Multi-scale Retinex: log of each pixel over its surrounds, scaled to 0..1."""
        pixels = images * 255
        result = torch.log1p(pixels)
        for rows, columns in zip(self.surround_rows, self.surround_columns, strict=True):
            # A Gaussian is separable: blurring is two small matrix products.
            surround = rows @ pixels @ columns.T
            result = result - torch.log1p(surround) / len(SIGMAS)
        mean, spread = result.mean((1, 2, 3), keepdim=True), result.std((1, 2, 3), keepdim=True)
        scaled = 0.5 + (result - mean) / (2 * STRETCH * spread).clamp(min=1e-6)
        return scaled.clamp(0, 1)


def hsv_bins(images: Tensor) -> Tensor:
    """The joint HSV bin of each pixel, ``(N, H, W) int64`` below 512, of RGB from 0 to 1.

    Hue counts fastest, value slowest.
    """
    red, green, blue = images.unbind(1)
    value, least = images.amax(1), images.amin(1)
    spread = value - least
    divisor = torch.where(spread > 0, spread, torch.ones_like(spread))
    hue = torch.where(
        value == red,
        torch.remainder((green - blue) / divisor, 6),
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    saturation = spread / torch.where(value > 0, value, torch.ones_like(value))
    levels = [
        (channel * HSV_BINS).long().clamp(0, HSV_BINS - 1)
        for channel in (hue / 6, saturation, value)
    ]
    return levels[0] + HSV_BINS * (levels[1] + HSV_BINS * levels[2])


def siltp_bins(grey: Tensor, radius: int) -> Tensor:
    """The scale-invariant local ternary pattern of each pixel, ``(N, H, W) int64`` below 81.

    Each of the pixels to the right, above, to the left and below, ``radius`` away, is a digit: 1
    where brighter by more than 30 %, 2 where darker by more than 30 %, else 0.

    Args:
        grey: ``(N, H, W)``.
        radius: in pixels.
    """
    height, width = grey.shape[1:]
    padded = functional.pad(grey.unsqueeze(1), (radius,) * 4, mode="replicate").squeeze(1)
    brighter, darker = grey * (1 + SILTP_TOLERANCE), grey * (1 - SILTP_TOLERANCE)
    code = torch.zeros_like(grey)
    r = radius
    for digit, (top, left) in enumerate(((r, 2 * r), (0, r), (r, 0), (2 * r, r))):
        other = padded[:, top : top + height, left : left + width]
        state = (other > brighter).to(grey.dtype) + 2 * (other < darker).to(grey.dtype)
        code = code + state * 3**digit
    return code.long()


def _blocks(length: int) -> int:
    """How many blocks fit along a side."""
    return (length - BLOCK) // STEP + 1


def _halves(images: Tensor) -> Iterator[Tensor]:
    """The image ``(N, C, H, W)`` at each scale."""
    yield images
    for _ in range(SCALES - 1):
        images = functional.avg_pool2d(images, 2)
        yield images


def _description(maps: list[Tensor], count: int) -> Tensor:
    """Unit rows ``(N, stripes * count)`` from a map of bins per scale."""
    stripes = torch.cat([_stripes(bins, count).flatten(1) for bins in maps], dim=1)
    return functional.normalize(torch.log1p(stripes))


def _stripes(bins: Tensor, count: int) -> Tensor:
    """``(N, stripes, count)``: the most of each bin that a block of the stripe holds.

    Args:
        bins: ``(N, H, W) int64`` below ``count``.
        count: number of bins.
    """
    number, height, width = bins.shape
    rows, columns = _blocks(height) + 1, _blocks(width) + 1
    y = torch.arange(rows * STEP, device=bins.device) // STEP
    x = torch.arange(columns * STEP, device=bins.device) // STEP
    cell = y.view(-1, 1) * columns + x  # (rows * STEP, columns * STEP)
    index = (bins[:, : rows * STEP, : columns * STEP] + cell * count).flatten(1)
    cells = torch.zeros(number, rows * columns * count, device=bins.device)
    cells = cells.scatter_add(1, index, torch.ones_like(index, dtype=cells.dtype))
    cells = cells.view(number, rows, columns, count)
    blocks = cells[:, :-1] + cells[:, 1:]
    blocks = blocks[:, :, :-1] + blocks[:, :, 1:]
    return blocks.amax(2)


def _smoothing(length: int, sigma: float) -> Tensor:
    """The matrix ``(length, length)`` that blurs a line; weights inside the image sum to 1."""
    x = torch.arange(length, dtype=torch.float32)
    weights = torch.exp(-((x[:, None] - x) ** 2) / (2 * sigma**2))
    return weights / weights.sum(dim=1, keepdim=True)
