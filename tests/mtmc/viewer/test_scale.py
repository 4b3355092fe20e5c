"""An hour of two hundred people in sixteen cameras stays usable."""

import pytest

from mtmc.results import Results
from mtmc.viewer.recorded import Recorded, recorded_application
from mtmc.viewer.server import Address, Served
from tests.mtmc.viewer.synthetic import write_results

SCRUB = """async seconds => {
    const { player } = document.querySelector(".wall"), { start, end } = player.limits;
    const began = performance.now();
    let updates = 0, share = 0;
    while (share < 1) {
        share = (performance.now() - began) / 1000 / seconds;
        player.go(start + (end - start) * Math.sin(Math.PI * Math.min(share, 1)));
        await new Promise(done => requestAnimationFrame(done));
        updates += !document.querySelector(".cam-picture.loading");
    }
    return updates / seconds;
}"""


@pytest.mark.slow
def test_an_hour_of_sixteen_cameras(open_page, tmp_path):
    people, cameras = 200, 16
    recorded = Recorded(
        Results.open(write_results(tmp_path / "out", people, cameras, seconds=3600.0))
    )
    served = Served(Address(port=0))
    served.start(recorded_application(recorded))
    page = open_page(served.url)
    painted = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
    )
    ready = page.evaluate("performance.now() / 1000")
    updates = page.evaluate(SCRUB, 10)
    used = page.context.new_cdp_session(page).send("Runtime.getHeapUsage")
    heap = (used["totalSize"] + used["backingStorageSize"] + used["embedderHeapUsedSize"]) / 1e6
    print(f"painted {painted:.2f} s, ready {ready:.2f} s, {updates:.0f} updates/s, {heap:.0f} MB")
    assert painted < 2
    assert updates >= 20
    assert heap < 500
    served.stop()
