"""What an online run tells as it goes on."""

import json

import polars as pl
import pytest
import yaml

from mtmc.errors import UserError
from mtmc.events.log import read_events
from mtmc.run import run
from tests.mtmc.conftest import SETTINGS
from tests.mtmc.run.test_run import Impatient

ONLINE = {**SETTINGS, "associator": "online"}


def test_the_events_of_a_run_say_who_is_who_in_its_results(scene, tmp_path):
    out = tmp_path / "out"
    record = run(scene, out, ONLINE, listener=Impatient(5))
    first = list(read_events(out / "events.jsonl"))
    assert record["events"] == {"count": len(first)}
    record = run(scene, out, ONLINE, resume=True)
    events = list(read_events(out / "events.jsonl"))
    assert record["events"] == {"count": len(events)}
    assert events[-1].time > first[-1].time  # it did not close ids where it was cut off
    whose = {key: event.id for event in events for key in event.tracks}
    rows = pl.read_parquet(out / "tracks.parquet").select("camera", "track_id", "global_id")
    assert {(c, t): i for c, t, i in rows.unique().iter_rows()} == whose
    assert [event.kind for event in events if event.id == 1][-1] == "close"
    run(scene, out, SETTINGS)
    assert not (out / "events.jsonl").exists()


def test_no_password_of_a_broker_is_written_down(scene, tmp_path, caplog):
    out, other = tmp_path / "out", tmp_path / "other.jsonl"
    urls = [str(other), "mqtt://u:hunter2@127.0.0.1:1/x"]
    settings = {**ONLINE, "output": {"video": False, "events": urls}}
    record = run(scene, out, settings)
    assert [sink["outages"] for sink in record["events"]["sinks"]] == [0, 1]
    assert len(other.read_text().splitlines()) == record["events"]["count"]
    texts = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert not any(b"hunter2" in text for text in (*texts, caplog.text.encode()))
    chosen = yaml.safe_load((out / "config.yaml").read_text())["output"]["events"]
    assert chosen == [str(other), "mqtt://127.0.0.1:1/x"]
    assert json.loads((out / "run.json").read_text())["warnings"]


def test_an_offline_run_has_no_events_to_send(scene, tmp_path):
    settings = {**SETTINGS, "output": {"events": ["mqtt://host/x"]}}
    with pytest.raises(UserError, match="--events: are of runs that decide as they go"):
        run(scene, tmp_path / "out", settings)
