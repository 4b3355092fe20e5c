"""What is installed: one package with all it needs, beside whoever else is called the same."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OTHERS = ("trackers", "reid")  # on PyPI, by other people


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    out = tmp_path_factory.mktemp("dist")
    command = ["uv", "build", "--wheel", "--quiet", "--offline", "--out-dir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        subprocess.run([c for c in command if c != "--offline"], check=True, timeout=120)
    return next(out.glob("*.whl"))


def test_the_wheel_is_one_package_with_all_it_needs(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"mtmc"}
    for needed in (
        "mtmc/py.typed",
        "mtmc/trackers/coast.py",
        "mtmc/reid/checkpoint.py",
        "mtmc/weights/simulated.onnx",
        "mtmc/reid/weights/simulated.onnx",
        "mtmc/reid/weights/simulated-lite.onnx",
        "mtmc/configs/simulated.yaml",
        "mtmc/viewer/page/index.html",
        "mtmc/viewer/page/main.js",
        "mtmc/reid/configs/tiny.yaml",
        "mtmc/demo_data/cameras.yaml",
    ):
        assert needed in names
    assert wheel.stat().st_size < 25e6


@pytest.mark.slow
def test_the_demo_runs_beside_other_packages_of_these_names(wheel, tmp_path):
    """``pip install trackers`` once overwrote ours."""
    site = tmp_path / "site"
    install = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True)
    before = {path: path.read_bytes() for path in site.rglob("*.py")}
    for other in OTHERS:
        found = subprocess.run([*install, other], capture_output=True, text=True, check=False)
        if found.returncode:
            pytest.skip(f"{other} cannot be had here: {found.stderr.strip()[-100:]}")
    assert all(path.read_bytes() == content for path, content in before.items())
    code = (
        f"import sys; sys.path = [{str(site)!r}, *(p for p in sys.path if p != {str(ROOT)!r})]; "
        "import mtmc; assert mtmc.__file__.startswith(sys.path[0]); "
        "from mtmc.cli import main; sys.argv = ['mtmc', 'demo', '--out', 'out']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "IDF1" in done.stdout
