"""Stands in for the Ray driver in tests of the supervisor: tells parts, has a grandchild, ends on SIGTERM.

``STAND_IN`` in its environment, a JSON object, says how it behaves: ``{"error": "..."}``, ``{"die": 3}``,
``{"deaf": true}`` (ignores SIGTERM).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from gstreamer import settings


def say(**said: object) -> None:
    print(json.dumps(said), flush=True)


def main() -> None:
    orders = json.loads(os.environ.get("STAND_IN", "{}"))
    tree = settings.load()
    if "error" in orders:
        say(error=orders["error"])
        sys.exit(1)
    if "die" in orders:
        sys.exit("ERROR the stand-in was told to die")
    if orders.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # As Ray's processes do: a grandchild in a session of its own, which nobody but init would adopt.
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    Path(os.environ["RAY_TMPDIR"], "socket").touch()
    dashboard = socket.create_server(("127.0.0.1", tree.ray.dashboard_port))
    say(part="ray", ready=True, took_s=0.1, note="a stand-in")
    (tree.data_dir / "seen.json").write_text(tree.model_dump_json())
    say(ray_address="127.0.0.1:6379")
    say(ready=True)
    signal.pause()
    dashboard.close()


if __name__ == "__main__":
    main()
