"""The files of the page."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

PAGE = Path(__file__).parent / "page"
INDEX = PAGE / "index.html"
# Modules that only a served page has; ``served.js`` imports the others.
SERVED = frozenset({"served.js"})


def frozen_modules() -> list[Path]:
    """The modules that a report has."""
    return sorted(path for path in PAGE.glob("*.js") if path.name not in SERVED)


def inline_hashes() -> list[str]:
    """Of the two short scripts in ``index.html``, as a content security policy names them."""
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", INDEX.read_text(encoding="utf-8"), re.S)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
