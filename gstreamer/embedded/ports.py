"""Free TCP ports on the loopback address, chosen so that installs on one machine do not meet."""

from __future__ import annotations

import random
import socket

from gstreamer.core.errors import ConfigurationError

_FIRST, _LAST = 20_000, 29_999
"""Below the kernel's ephemeral range, so that no outgoing connection takes a port that a part keeps."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a listener could be opened there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Like every server: a port whose last connections linger in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """
    A free port: the preferred one if it is free, else any.

    Raises:
        ConfigurationError: If none can be found.
    """
    # Not for secrecy: two installs that look at the same time should not look at the same port.
    tries = random.sample(range(_FIRST, _LAST + 1), 200)
    for port in tries if preferred is None else [preferred, *tries]:
        if port not in taken and is_free(port):
            return port
    raise ConfigurationError(f"no free port between {_FIRST} and {_LAST}: end some of the programs that listen there")


def free_run(length: int) -> int:
    """
    The first of ``length`` neighbouring free ports.

    Raises:
        ConfigurationError: If none can be found.
    """
    for first in random.sample(range(_FIRST, _LAST + 1 - length), 200):
        if all(is_free(port) for port in range(first, first + length)):
            return first
    raise ConfigurationError(f"no {length} neighbouring free ports between {_FIRST} and {_LAST}")
