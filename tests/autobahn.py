"""The Autobahn test suite, a program of Python 2.7: found on PATH, or installed for one that this machine has."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "acceptance" / "autobahn.txt"
INSTALL_S = 300

_RUN = "import site, sys; site.addsitedir(sys.argv.pop(1)); from autobahntestsuite.wstest import run; run()"
"""By its directory, for `--target` leaves the namespace packages to be joined by their .pth files."""


class NotHereError(Exception):
    """The suite cannot be run on this machine, and why."""


def suite(directory: Path) -> list[str]:
    """
    The command that runs the suite, installed into ``directory`` if need be.

    Raises:
        NotHereError: There is no Python 2.7, or the suite cannot be installed for it.
    """
    found = shutil.which("wstest")
    if found is not None:
        return [found]
    python = python2()
    if python is None:
        raise NotHereError("it needs python 2.7 with pip, on PATH or pyenv's")
    install = [python, "-m", "pip", "install", "-q", "--target", directory, "-r", REQUIREMENTS]
    done = subprocess.run(install, check=False, capture_output=True, text=True, timeout=INSTALL_S)
    if done.returncode != 0:
        raise NotHereError(f"it cannot be installed: {done.stderr.strip()[-300:]}")
    return [python, "-c", _RUN, str(directory)]


def python2() -> str | None:
    """A Python 2.7 with pip: on PATH, or pyenv's."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob("2.7*/bin/python"))
    for python in (shutil.which("python2.7"), *map(str, pyenv)):
        if (
            python
            and subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
        ):
            return python
    return None
