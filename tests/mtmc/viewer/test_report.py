"""The page in one file: complete, harmless and not too large."""

import base64
import json
import re

import pytest

from mtmc.viewer import report as module
from mtmc.viewer.files import INDEX, PAGE, SERVED, frozen_modules
from mtmc.viewer.scene import scene_of
from tests.mtmc.viewer.conftest import EVIL


def embedded(page, name):
    (text,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    return json.loads(text)


def test_all_is_in_the_file(walked, report):
    page = report.read_text(encoding="utf-8")
    scene = embedded(page, "scene")
    assert {**scene, "left_out": []} == scene_of(walked)
    pictures = embedded(page, "pictures")
    assert len(pictures) == len(scene["crops"]["row"]) > 0
    assert base64.b64decode(pictures[0]).startswith(b"\xff\xd8")
    assert EVIL in {camera["name"] for camera in scene["cameras"]}


def test_names_are_no_markup(report):
    page = report.read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script") == 4
    assert "<img" not in page


def test_nothing_is_asked_of_the_network(report):
    page = report.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    for path in (INDEX, PAGE / "style.css", *frozen_modules()):
        addresses = re.findall(r"\w+://[^\"' ]*", path.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path


def test_a_report_has_all_modules_that_it_imports():
    frozen = {path.name for path in frozen_modules()}
    for path in frozen_modules():
        imported = re.findall(r'^import .*?"mtmc/([\w-]+\.js)"', path.read_text(), re.M | re.S)
        assert set(imported) <= frozen, path
    assert not frozen & SERVED


@pytest.mark.parametrize(("share", "all_have_one"), [(0.5, True), (0.02, False), (0.0, False)])
def test_pictures_make_way_and_that_is_said(walked, report, monkeypatch, share, all_have_one):
    page = report.read_text()
    pictures = sum(len(picture) for picture in embedded(page, "pictures"))
    most = len(page) - pictures + int(share * pictures)
    monkeypatch.setattr(module, "LARGEST", most)
    scene, kept = module.page_of(walked)
    assert embedded(page, "scene")["left_out"] == []
    assert "Pictures: " in scene["left_out"][0]
    assert len(module.frozen(scene, kept)) <= most
    people = {person["id"] for person in scene["people"]}
    assert (set(scene["crops"]["person"]) == people) == all_have_one
    assert len(kept) == len(scene["crops"]["row"])
