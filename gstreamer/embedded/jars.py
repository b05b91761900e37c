"""Apache Kafka's jars, downloaded once for all installs of a user and checked against ``kafka.lock``.

The lock names each jar with its SHA-256, so a run never depends on what a repository serves that day. A
manifest is written last: without it, nothing in the cache is believed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

from gstreamer.core.errors import ConfigurationError
from gstreamer.embedded.children import Report

VERSION = "4.3.1"

# kafka-clients is named because a resolver that meets an older one first takes that, and StorageTool then
# dies of NoSuchMethodError; log4j is a dependency that Kafka's own pom leaves to the distribution.
ENDPOINT = "+".join(
    (
        f"org.apache.kafka:kafka_2.13:{VERSION}",
        f"org.apache.kafka:kafka-clients:{VERSION}",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
        "org.apache.logging.log4j:log4j-core:2.24.3",
    )
)

_OWN_KAFKA = "to run without a download, set GSTREAMER_KAFKA__BOOTSTRAP_SERVERS to a Kafka of yours"


def kafka_jars(cache: Path, report: Report) -> list[Path]:
    """
    The jars of Apache Kafka, from the cache or downloaded into it now.

    Raises:
        ConfigurationError: If they cannot be had; the text says what to do.
    """
    home = cache / f"kafka-{VERSION}"
    manifest = home / "manifest.json"
    jars = _complete(manifest)
    if jars is not None:
        return jars
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _exclusive(home / "lock", report):
            jars = _complete(manifest)
            if jars is None:
                jars = _download(home, report)
                sizes = {str(path): path.stat().st_size for path in jars}
                draft = manifest.with_suffix(".draft")
                draft.write_text(json.dumps(sizes), encoding="utf-8")
                draft.replace(manifest)
    except OSError as error:
        raise ConfigurationError(_explain(error, home)) from error
    return jars


def _complete(manifest: Path) -> list[Path] | None:
    try:
        sizes = json.loads(manifest.read_text(encoding="utf-8"))
        if all(Path(name).stat().st_size == size for name, size in sizes.items()):
            return [Path(name) for name in sizes]
    except (OSError, ValueError):
        return None
    return None


def _download(home: Path, report: Report) -> list[Path]:
    # Imported here: it takes 0.2 s, and every start but the first does without.
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.env import EnvironmentBuilder, LinkStrategy
    from jgo.maven import MavenContext, PythonResolver

    _drop_torn(home / "repository")
    progress = _Progress(report, time.monotonic)
    context = MavenContext(
        resolver=PythonResolver(progress_callback=progress.file),
        repo_cache=home / "repository",
        remote_repos={"central": MAVEN_CENTRAL_URL},
    )
    builder = EnvironmentBuilder(context=context, cache_dir=home / "classpath", link_strategy=LinkStrategy.HARD)
    report(f"downloading Apache Kafka {VERSION} (45 MB, once)")
    try:
        environment = builder.from_endpoint(ENDPOINT)
    except (RuntimeError, ValueError) as error:
        raise ConfigurationError(f"Apache Kafka cannot be downloaded: {error}; {_OWN_KAFKA}") from error
    return _locked({path.name: path for path in environment.all_jars})


def _locked(found: dict[str, Path]) -> list[Path]:
    jars = []
    for line in resources.files(__package__).joinpath("kafka.lock").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        path = found.get(name)
        if path is None or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            if path is not None:
                path.unlink()
            raise ConfigurationError(f"{name} is not the file that kafka.lock names: start again; {_OWN_KAFKA}")
        jars.append(path)
    return jars


def _drop_torn(repository: Path) -> None:
    """Remove what a download that was cut off left behind: jgo takes every file that exists for whole."""
    for path in repository.rglob("*.jar"):
        if not zipfile.is_zipfile(path):
            path.unlink()
    for path in repository.rglob("*.pom"):
        if not path.read_bytes().rstrip().endswith(b"</project>"):
            path.unlink()


class _Progress:
    """Tells how much has come, at most twice a second."""

    def __init__(self, report: Report, clock: Callable[[], float]) -> None:
        self._report = report
        self._clock = clock
        self._told_at = clock()
        self._bytes = 0
        self._told = 0

    @contextlib.contextmanager
    def file(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        """Follow one file of ``size`` bytes."""
        yield self._came

    def _came(self, count: int) -> None:
        self._bytes += count
        done = self._bytes // 1_000_000
        if done > self._told and self._clock() - self._told_at >= 0.5:
            self._told, self._told_at = done, self._clock()
            self._report(f"downloading Apache Kafka {VERSION}: {done} of 45 MB")


@contextlib.contextmanager
def _exclusive(path: Path, report: Report) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another install that downloads Apache Kafka")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _explain(error: OSError, home: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: Apache Kafka needs 100 MB in {home}; make room, or set XDG_CACHE_HOME elsewhere"
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"cannot write to {home}: {error.strerror}; set XDG_CACHE_HOME to a directory of yours"
    return f"Apache Kafka cannot be downloaded, which the first start needs a network for; {_OWN_KAFKA}"
