"""``mtmc run``: from a folder of videos to a folder of results."""

from mtmc.run.session import Listener, run

__all__ = ["Listener", "run"]
