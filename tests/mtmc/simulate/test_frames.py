import json

import cv2
import pytest

from mtmc.simulate.frames import FramesConfig


@pytest.mark.parametrize(
    ("settings", "message"), [({"frames": 0}, "frames"), ({"seed": -1}, "seed")]
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        FramesConfig(**settings)


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
