"""The api's Serve deployment. Whoever deploys it loads none of what a replica needs: most of a start is that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ray import serve

from gstreamer import settings

if TYPE_CHECKING:
    from gstreamer.deployments.api.edge import Edge

REPLICAS = 1
RESOURCES = {"rest": 1}
MAX_ONGOING = 1_000


class Api:
    """A replica of the api; its ASGI application opens the parts as it starts."""

    def __repr__(self) -> str:
        return "api"


def application(args: Mapping[str, Any]) -> serve.Application:
    """
    The Serve application for the route prefix ``/``.

    Args:
        args: ``replicas`` (1), and ``resources`` that each takes ({"rest": 1}).
    """
    deployed_as = serve.deployment(
        name="api",
        num_replicas=int(args.get("replicas", REPLICAS)),
        max_ongoing_requests=MAX_ONGOING,
        ray_actor_options={"num_cpus": 0, "resources": dict(args.get("resources", RESOURCES))},
    )
    deployment: serve.Deployment = deployed_as(serve.ingress(_asgi)(Api))
    return deployment.bind()


def _asgi() -> Edge:
    from gstreamer.deployments.api.builder import built
    from gstreamer.deployments.api.replica import opened

    return built(lambda: opened(settings.load()))
