import pytest

from mtmc.errors import UserError
from mtmc.offline.completion import CompletionConfig
from mtmc.run.config import RunConfig


def test_what_can_be_left_out():
    config = RunConfig.from_settings({"refine": None, "completion": False})
    assert config.refine is None
    assert config.completion is None
    assert RunConfig.from_settings(config.settings()) == config


def test_the_completion_is_on_and_has_settings():
    assert RunConfig.from_settings({}).completion == CompletionConfig()
    chosen = RunConfig.from_settings({"completion": {"support": 1.0}})
    assert chosen.completion == CompletionConfig(support=1.0)
    assert RunConfig.from_settings(chosen.settings()) == chosen


@pytest.mark.parametrize("wrong", [{"support": -1}, {"suport": 1}, {"seen_share": "much"}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(UserError, match="completion"):
        RunConfig.from_settings({"completion": wrong})
