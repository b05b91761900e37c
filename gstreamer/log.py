"""JSON log lines: one fact per state change, with ids; never a token or a payload."""

from __future__ import annotations

import logging
import sys

import structlog

Logger = structlog.stdlib.BoundLogger


def configure(level: str) -> None:
    """Send this process's log lines to standard error as JSON, from ``level`` (e.g. ``INFO``) upwards."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(part: str) -> Logger:
    """A logger whose lines carry ``part``, e.g. ``connection``."""
    logger: Logger = structlog.get_logger(part=part)
    return logger
