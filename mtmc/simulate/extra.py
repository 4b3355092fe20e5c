"""The optional libraries of the simulator: the extra `sim`."""

from __future__ import annotations

import os
from importlib.util import find_spec

from mtmc.errors import UserError
from mtmc.reid.extras import install


def require_sim() -> None:
    """Check that the extra `sim` is installed, and start Warp without its banner.

    Raises:
        UserError: it is not.
    """
    missing = [name for name in ("anny", "warp") if find_spec(name) is None]
    if missing:
        raise UserError(f"the simulator needs {' and '.join(missing)}: {install('sim')}")
    import warp

    warp.config.log_level = warp.LOG_ERROR
    # Without a GPU its library writes a warning past Python, to the descriptor itself.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        warp.init()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
