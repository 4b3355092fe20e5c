from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from mtmc.reid.preprocess import Preprocess, crop_boxes


def test_network_input_is_the_formula_of_the_docstring(crops) -> None:
    recipe = Preprocess(size=(24, 12), mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
    for crop, got in zip(crops, recipe(crops), strict=True):
        shrinks = crop.shape[0] >= 24 and crop.shape[1] >= 12
        mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        rgb = cv2.resize(crop, (12, 24), interpolation=mode)[..., ::-1] / 255
        expected = (rgb - recipe.mean) / recipe.std
        np.testing.assert_allclose(got, expected.transpose(2, 0, 1), atol=1e-5)


def test_colour_order_is_the_networks() -> None:
    blue = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 255
    assert Preprocess(size=(2, 2), color="rgb").resize([blue])[0, 0, 0].tolist() == [0, 0, 255]
    assert Preprocess(size=(2, 2), color="bgr").resize([blue])[0, 0, 0].tolist() == [255, 0, 0]


def test_tensor_and_array_path_agree(crops) -> None:
    recipe = Preprocess(size=(24, 12), color="bgr")
    batch = recipe.resize(crops)
    tensor = recipe.normalize_tensor(torch.from_numpy(batch).permute(0, 3, 1, 2))
    np.testing.assert_allclose(tensor.numpy(), recipe.normalize(batch), atol=1e-6)


def test_round_trip_through_plain_types() -> None:
    recipe = Preprocess(size=(160, 64), interpolation="cubic")
    assert Preprocess.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    "fields",
    [{"size": (0, 4)}, {"std": (1, 1, 0)}, {"color": "gbr"}, {"interpolation": "lanczos"}],
)
def test_bad_recipe(fields) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        Preprocess(**fields)


@pytest.mark.parametrize(
    "crop", [np.zeros((0, 3, 3), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))]
)
def test_bad_crop_is_named(crop, crops) -> None:
    with pytest.raises(ValueError, match="crop 1 must be"):
        Preprocess()([crops[0], crop])


def test_boxes_are_clipped_and_never_empty() -> None:
    image = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    boxes = np.array([[1.2, 2, 3.5, 4], [-5, -5, 2, 1], [20, 30, 40, 50], [7.9, 5.9, 8, 6]])
    cut = crop_boxes(image, boxes)
    assert [c.shape[:2] for c in cut] == [(2, 3), (1, 2), (1, 1), (1, 1)]
    assert np.array_equal(cut[0], image[2:4, 1:4])
    assert crop_boxes(image, np.zeros((0, 4))) == []
