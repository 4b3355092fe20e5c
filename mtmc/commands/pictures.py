"""Pictures that are given one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtmc.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mtmc.types import Image


def read_picture(path: Path) -> Image:
    """A picture of one person, ``(H, W, 3) uint8`` BGR.

    Raises:
        UserError: it cannot be read.
    """
    from mtmc.reid import ReidError
    from mtmc.reid.data.decode import read_image

    if not path.is_file():
        raise UserError(f"{path}: No such file; expected a picture of one person")
    try:
        return read_image(path)
    except ReidError as error:
        raise UserError(f"{path}: is no picture that can be read; expected one person") from error
