"""The places: a lab, a corridor and a plaza, with their furniture, light and cameras.

Each is a function of its random generator and the number of cameras, so that colours, furniture and
views differ from seed to seed while the layout stays what its name says.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mtmc.simulate.corridor import corridor
from mtmc.simulate.lab import lab
from mtmc.simulate.place import Place
from mtmc.simulate.plaza import plaza

PLACES: dict[str, Callable[[np.random.Generator, int], Place]] = {
    "lab": lab,
    "corridor": corridor,
    "plaza": plaza,
}
