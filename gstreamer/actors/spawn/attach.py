"""Becoming a driver of a cluster that runs: what an operator's command does before it asks actors."""

from __future__ import annotations

import logging

import ray
from ray.exceptions import RayError

from gstreamer.actors.handles import NAMESPACE
from gstreamer.core.errors import UnavailableError


def attach(address: str) -> None:
    """
    Join the cluster whose GCS is at ``address``.

    Raises:
        UnavailableError: It cannot be reached.
    """
    # It warns of a signal that it cannot take, off the main thread: nothing that an operator asked about.
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        ray.init(address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, RayError) as error:
        raise UnavailableError(f"ray at {address} cannot be reached: {type(error).__name__}") from None
