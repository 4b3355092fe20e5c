"""Figures in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from pathlib import Path


def pyplot(wish: str) -> Any:
    """Matplotlib, which comes with an extra and needs no screen.

    Args:
        wish: what asks for it, for the message.

    Raises:
        ReidError: it is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise ReidError(
            f"{wish} needs matplotlib; install the plot extra (`uv pip install matplotlib`)"
        ) from error
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    return plt


def save_figure(figure: Any, file: Path) -> None:
    """Write a figure in the format that the file's name says.

    Raises:
        ReidError: it cannot be written.
    """
    figure.tight_layout()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=100)
    except (OSError, ValueError) as error:  # ValueError: no such picture format
        raise ReidError(f"{file}: cannot be drawn ({error})") from error
