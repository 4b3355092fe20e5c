"""What people say about who is who, and what becomes of it."""

from mtmc.corrections.changes import Changes
from mtmc.corrections.editor import Edited, Editor, Piece
from mtmc.corrections.kinds import Correction, Exchange, Merge, Move, Name, NotAPerson, Split
from mtmc.corrections.log import Corrections, Entry
from mtmc.corrections.spot import Spot

__all__ = [
    "Changes",
    "Correction",
    "Corrections",
    "Edited",
    "Editor",
    "Entry",
    "Exchange",
    "Merge",
    "Move",
    "Name",
    "NotAPerson",
    "Piece",
    "Split",
    "Spot",
]
