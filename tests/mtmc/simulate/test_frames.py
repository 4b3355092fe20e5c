import json

import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.simulate.frames import FramesConfig


@pytest.mark.parametrize(
    ("settings", "message"), [({"frames": 0}, "frames"), ({"seed": -1}, "seed")]
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        FramesConfig(**settings)


def test_a_folder_without_panoramas_is_refused_before_anything_is_drawn(tmp_path):
    pytest.importorskip("warp")
    from mtmc.simulate.frames import write_frames

    with pytest.raises(UserError, match="no such folder"):
        write_frames(FramesConfig(1, panoramas=tmp_path / "none"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_photographed_places_are_scenes_like_others(tmp_path, monkeypatch):
    from mtmc.simulate import frames

    monkeypatch.setattr(frames, "THINGS", 1)
    monkeypatch.setattr(frames, "COMPANY", 2)
    monkeypatch.setattr(frames, "SCENE", 2)
    places = tmp_path / "places"
    places.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)
    cv2.imwrite(str(places / "one.png"), noise)
    config = FramesConfig(frames=4, seed=1, panoramas=places)
    frames.write_frames(config, tmp_path / "out", workers=1)
    path = tmp_path / "out" / "annotations" / "instances_train.json"
    images = json.loads(path.read_text())["images"]
    assert [i["file_name"][:6] for i in images] == ["000000"] * 2 + ["000001"] * 2
    for image in images:
        pixels = cv2.imread(str(tmp_path / "out" / "images" / image["file_name"]))
        assert pixels.shape == (image["height"], image["width"], 3)
    (places / "one.png").rename(places / "two.png")
    written = (tmp_path / "out" / "images" / images[2]["file_name"]).stat().st_mtime_ns
    frames.write_frames(config, tmp_path / "out", workers=1)
    again = (tmp_path / "out" / "images" / images[2]["file_name"]).stat().st_mtime_ns
    assert again > written  # other places, other frames


@pytest.mark.slow
def test_a_set_is_coco_follows_from_the_seed_and_goes_on_where_it_stopped(tmp_path):
    from mtmc.simulate.frames import SCENE, write_frames

    written = []
    config = FramesConfig(frames=SCENE + 3, seed=1)
    write_frames(FramesConfig(frames=SCENE, seed=1), tmp_path / "one", workers=1)
    write_frames(config, tmp_path / "one", 1, written.append)
    write_frames(config, tmp_path / "two", workers=1)
    path = "annotations/instances_train.json"
    content = json.loads((tmp_path / "one" / path).read_text())
    assert content == json.loads((tmp_path / "two" / path).read_text())
    assert sum(written) == len(content["images"]) == SCENE + 3
    for image in content["images"]:
        pixels = [
            cv2.imread(str(tmp_path / n / "images" / image["file_name"])) for n in ("one", "two")
        ]
        assert pixels[0].shape == (image["height"], image["width"], 3)
        assert (pixels[0] == pixels[1]).all()
    assert len(content["annotations"]) > SCENE
    for person in content["annotations"]:
        x, y, w, h = person["bbox"]
        assert min(x, y) >= 0
        assert min(w, h) >= 1
        assert x + w <= 512.01
        assert 0 <= person["visibility"] <= 1
