"""How progress and failures read: one line, no flood."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from gstreamer.embedded import children
from gstreamer.embedded.children import Program
from gstreamer.embedded.console import Console
from gstreamer.embedded.jars import _Progress


def test_a_part_is_told_with_its_time_and_note() -> None:
    out = io.StringIO()

    Console(out, out).part("kafka", 1.26, "127.0.0.1:9092")

    assert out.getvalue() == "kafka        ready in 1.3 s  (127.0.0.1:9092)\n"


def test_an_error_is_one_line_whatever_is_in_it() -> None:
    err = io.StringIO()

    Console(err, err).error("first\nsecond\n  third")

    assert err.getvalue() == "error: first second third\n"


def test_progress_that_nobody_watches_comes_rarely() -> None:
    out = io.StringIO()
    console = Console(out, out)

    for megabytes in range(40):
        console.progress(f"{megabytes} MB")

    assert out.getvalue() == "0 MB\n"


def test_a_download_tells_whole_megabytes_twice_a_second() -> None:
    now = 0.0
    told: list[str] = []
    progress = _Progress(told.append, lambda: now)

    with progress.file("a.jar", 3_000_000) as came:
        for _ in range(30):
            now += 0.1
            came(100_000)

    assert [line.rpartition(": ")[2] for line in told] == ["1 of 45 MB", "2 of 45 MB", "3 of 45 MB"]


def test_the_last_words_of_a_part_are_its_first_error(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("starting\nERROR the disk is gone\nstopping\n\n")
    program = Program("part", [], {}, log, tmp_path)

    assert children.last_words(program) == f": ERROR the disk is gone; see {log}"


def test_how_a_part_ended_is_told_in_words() -> None:
    failed = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    failed.wait()
    killed = subprocess.Popen(["sleep", "100"])
    killed.kill()
    killed.wait()

    assert children.ended(failed) == "exit code 3"
    assert children.ended(killed) == "SIGKILL"
