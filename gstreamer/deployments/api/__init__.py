"""REST, and the page: accounts, streamers, favourites, tickets, health."""

from gstreamer.deployments.api.replica import application
from gstreamer.deployments.api.spec import openapi

__all__ = ["application", "openapi"]
