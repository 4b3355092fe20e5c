"""Workers on a Ray cluster: who reads what where, and what becomes of a lost node's cameras."""

import time
from importlib.util import find_spec

import pytest
import yaml

from mtmc.errors import UserError
from mtmc.run import run
from mtmc.run.workers.cluster import GroupConfig, check_place, groups_of
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.run.test_run import Impatient
from tests.mtmc.run.test_workers import same

NAMES = ["a", "b", "c", "d", "e"]


def groups(tmp_path, cores=2, **said):
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml.safe_dump(said))
    return groups_of(path, NAMES, cores)


def test_cameras_that_no_group_names_are_shared_out(tmp_path):
    assert [g.cameras for g in groups_of(tmp_path / "none.yaml", NAMES, 2)] == [
        ("a", "b"),
        ("c", "d", "e"),
    ]
    named = {"cameras": ["d", "b"], "cpus": 2, "resources": {"cellar": 1}}
    found = groups(tmp_path, 4, groups=[named])
    assert found[0] == GroupConfig(("d", "b"), cpus=2, resources={"cellar": 1})
    assert [g.cameras for g in found[1:]] == [("a", "c"), ("e",)]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"groups": [{"cameras": ["x"]}]}, "camera 'x'"),
        ({"groups": [{"cameras": ["a"]}, {"cameras": ["b", "a"]}]}, "'a' is in two groups"),
        ({"groups": [{"camera": ["a"]}]}, r"groups\[0\]\.camera'; did you mean"),
        ({"groups": [{"cameras": ["a"], "gpus": -1}]}, r"groups\[0\]: gpus"),
        ({"group": []}, "did you mean 'groups'"),
        ({"groups": {"cameras": ["a"]}}, "groups: expected a list"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path, said, why):
    with pytest.raises(UserError, match=why):
        groups(tmp_path, **said)


def test_what_no_node_has_is_refused_at_once():
    nodes = [
        {"Alive": True, "Resources": {"CPU": 4.0, "GPU": 1.0}},
        {"Alive": False, "Resources": {"cellar": 1.0}},
    ]
    check_place(nodes, GroupConfig(("a",), gpus=0.5))
    with pytest.raises(UserError, match="takes the cameras a; they need 1 CPU, 1 cellar"):
        check_place(nodes, GroupConfig(("a",), resources={"cellar": 1}))


@pytest.fixture
def cluster(monkeypatch):
    """Two nodes with a core each."""
    if find_spec("ray") is None:
        pytest.skip("needs ray")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    from mtmc.run.workers.cluster import import_ray

    import_ray()
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    nodes.second = nodes.add_node(num_cpus=1)
    nodes.wait_for_nodes()
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    yield nodes
    nodes.shutdown()


class Unplugs(Impatient):
    """Takes a node away after some frames."""

    def __init__(self, frames, cluster):
        super().__init__(frames)
        self.cluster = cluster

    def step(self, progress):
        if sum(progress.frames.values()) >= self.frames and self.cluster.second:
            node, self.cluster.second = self.cluster.second, None
            self.cluster.remove_node(node, allow_graceful=False)
            time.sleep(3)  # its processes answer until they notice


@pytest.mark.slow
def test_two_nodes_write_the_same_and_so_does_one_that_is_left(cluster, scene, tmp_path):
    settings = {**SETTINGS, "associator": "online"}
    run(scene, tmp_path / "1", settings)
    record = run(scene, tmp_path / "2", {**settings, "workers": "auto"})
    same(tmp_path / "1", tmp_path / "2")
    record = run(
        scene, tmp_path / "3", {**settings, "workers": "auto"}, listener=Unplugs(14, cluster)
    )
    assert "its cameras are taken over" in record["warnings"][0]
    for name in ("tracks/left.txt", "tracks/right.txt", "tracks.parquet", "events.jsonl"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()
