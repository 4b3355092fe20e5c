from __future__ import annotations

import torch

from mtmc.reid.training.augment import augment
from mtmc.reid.training.recipe import AugmentConfig

MEAN, STD = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])
OFF = {"flip": 0.0, "crop": 0, "erase": 0.0}


def pictures(count=64):
    rng = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (count, 3, 20, 12), generator=rng, dtype=torch.uint8)


def run(images, seed=0, size=None, **config):
    rng = torch.Generator().manual_seed(seed)
    settings = AugmentConfig(**{**OFF, **config})
    return augment(images, size or images.shape[2:], settings, MEAN, STD, rng)


def plain(images):
    return (images.float() / 255 - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)


def test_switched_off_it_only_normalises() -> None:
    torch.testing.assert_close(run(pictures()), plain(pictures()))


def test_flips_about_half_of_the_images() -> None:
    images = pictures()
    out, kept, mirrored = run(images, flip=0.5), plain(images), plain(images.flip(3))
    flipped = [torch.allclose(o, m) for o, m in zip(out, mirrored, strict=True)]
    assert 16 < sum(flipped) < 48
    for o, k, m, f in zip(out, kept, mirrored, flipped, strict=True):
        torch.testing.assert_close(o, m if f else k)


def test_crops_are_shifts_of_the_bordered_image() -> None:
    images = pictures(16)
    padded = torch.nn.functional.pad(images, (3,) * 4)
    windows = {
        (y, x): plain(padded[:, :, y : y + 20, x : x + 12]) for y in range(7) for x in range(7)
    }
    used = set()
    for i, picture in enumerate(run(images, crop=3)):
        matches = [at for at, w in windows.items() if torch.allclose(w[i], picture)]
        assert len(matches) == 1
        used.add(matches[0])
    assert len(used) > 8


def test_of_a_zoomed_image_a_part_is_cut_out_anywhere() -> None:
    images, used = pictures(32), set()
    windows = {
        (y, x): plain(images[:, :, y : y + 18, x : x + 11]) for y in range(3) for x in range(2)
    }
    for i, picture in enumerate(run(images, size=(18, 11))):
        used |= {at for at, w in windows.items() if torch.allclose(w[i], picture)}
    assert used == set(windows)


def test_erases_rectangles_of_the_configured_size() -> None:
    images = pictures(400)
    out = run(images, erase=0.5)
    erased = (out == 0).all(dim=1)
    touched = erased.flatten(1).any(dim=1)
    assert 150 < int(touched.sum()) < 250
    torch.testing.assert_close(out[~touched], plain(images)[~touched])
    for mask in erased[touched]:
        rows, cols = mask.any(dim=1), mask.any(dim=0)
        height, width = int(rows.sum()), int(cols.sum())
        assert mask.sum() == height * width  # one solid rectangle
        assert 0.01 < height * width / mask.numel() < 0.45
        assert 0.15 < height / width < 6


def test_jitter_changes_each_image_its_own_way() -> None:
    grey = torch.full((8, 3, 4, 4), 100, dtype=torch.uint8)
    out = run(grey, jitter=0.3)
    means = out.mean(dim=(2, 3))
    assert len({tuple(row.tolist()) for row in means.round(decimals=4)}) == 8
    assert torch.isfinite(out).all()


def test_a_seed_means_the_same_batch() -> None:
    images = pictures()
    everything = {"flip": 0.5, "crop": 4, "erase": 0.5, "jitter": 0.2}
    torch.testing.assert_close(run(images, 3, **everything), run(images, 3, **everything))
    assert not torch.allclose(run(images, 3, **everything), run(images, 4, **everything))
