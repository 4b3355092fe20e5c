"""The optional libraries of the simulator: the extra `sim`."""

from __future__ import annotations

from importlib.util import find_spec

from mtmc.errors import UserError


def require_sim() -> None:
    """Check that the extra `sim` is installed.

    Raises:
        UserError: it is not.
    """
    missing = [name for name in ("anny", "warp") if find_spec(name) is None]
    if missing:
        raise UserError(
            f"the simulator needs {' and '.join(missing)}: install the extra with "
            "`uv sync --extra sim` or `pip install 'mtmc[sim]'`"
        )
    import warp  # noqa: PLC0415

    warp.config.quiet = True  # no banner, and no warning that there is no GPU
