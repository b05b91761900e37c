"""`make bench`: each benchmark in a process of its own, one after the other; figures with command and machine.

Each module prints JSON objects of figures, one a line, with the unit in the name. Figures of one run compare;
figures of two runs on a shared machine do not.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

MODULES = ("streamers", "sockets", "webhooks", "live", "drain")


def machine() -> str:
    """What the figures were taken on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    cores = len(os.sched_getaffinity(0))
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{model}, {cores} cores, load {os.getloadavg()[0]:.1f}, {system}"


def run(module: str) -> bool:
    """Run one benchmark and print its figures; whether it succeeded."""
    argv = [sys.executable, "-m", f"tests.benchmarks.{module}"]
    print(f"\n{module}: {' '.join(['python', *argv[1:]])}", flush=True)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                figures = json.loads(line)
            except ValueError:
                print(f"  {line.rstrip()}", flush=True)
                continue
            for name, value in figures.items():
                print(
                    f"  {name:44} {value:>14,.6g}"
                    if isinstance(value, int | float)
                    else f"  {name:44} {value!s:>14}",
                    flush=True,
                )
    return process.returncode == 0


def main() -> int:
    """Run the benchmarks named on the command line, or all."""
    wanted = sys.argv[1:] or MODULES
    if unknown := set(wanted) - set(MODULES):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}", file=sys.stderr)
        return 2
    print(machine())
    results = [run(module) for module in wanted]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
