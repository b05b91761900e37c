"""`make chaos`: an install of its own, `gstreamer chaos` on it with these arguments, and its exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.install import running


def main() -> int:
    """Run it."""
    with running() as install:
        argv = [Path(sys.executable).with_name("gstreamer"), "chaos", "--yes", "--data-dir", install.data_dir]
        return subprocess.run([*argv, *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
