"""What an interpreter of its own has in memory."""

import subprocess
import sys


def loaded_by(code):
    """Names of the modules after ``code`` ran."""
    code += "\nimport sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def packages(modules):
    """Their packages, each once."""
    return {name.partition(".")[0] for name in modules}
