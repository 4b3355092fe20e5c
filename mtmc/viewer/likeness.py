"""How a run weighs looks, and what that says."""

from __future__ import annotations

from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.config import choose
from mtmc.registry import ASSOCIATORS
from mtmc.results import Results, layout


def evidence_of(results: Results) -> EvidenceConfig:
    """How the run's association weighs evidence; another package's may know none of ours."""
    default = str(results.record.get("mode", "offline"))
    settings = results.settings if (results.folder / layout.CONFIG).is_file() else {}
    config = choose(ASSOCIATORS, settings.get("associator", {}), default).config
    return config if isinstance(config, EvidenceConfig) else EvidenceConfig()
