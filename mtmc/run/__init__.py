"""``mtmc run``: from a folder of videos to a folder of results."""

from mtmc.run.listener import Listener
from mtmc.run.session import run

__all__ = ["Listener", "run"]
