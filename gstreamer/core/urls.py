"""Urls of sockets, from WS__PUBLIC_URL's template, and the security policy that lets the page open them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

NODE = "{node}"
PORT = "{port}"


class SocketUrls(NamedTuple):
    """
    How sockets are reached from outside.

    Attributes:
        template: A connection actor's url, with ``{node}`` and ``{port}``.
        serve: The url of ``/ws`` on the Serve port.
        through_serve: Whether tickets carry the latter (WS__INGRESS).
    """

    template: str
    serve: str
    through_serve: bool

    def of(self, node: str, port: int) -> str:
        """The url at which a socket of that node's connection actor is opened."""
        if self.through_serve:
            return self.serve
        return self.template.replace(NODE, node).replace(PORT, str(port))


def socket_urls(public_url: str, template: str | None, *, through_serve: bool, tls: bool) -> SocketUrls:
    """
    How sockets are reached, by the settings.

    Args:
        public_url: PUBLIC_URL.
        template: WS__PUBLIC_URL; none: the host of PUBLIC_URL, at the connection actor's port.
        through_serve: Whether WS__INGRESS is ``serve``.
        tls: Whether connection actors speak TLS themselves.
    """
    parts = urlsplit(public_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    default = f"{'wss' if tls else 'ws'}://{host}:{PORT}/"
    serve = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws"
    return SocketUrls(template or default, serve, through_serve)


def socket_sources(urls: SocketUrls, nodes: Iterable[str]) -> tuple[str, ...]:
    """
    Every origin that a socket may be opened at, now or after a move, as sources of ``connect-src``.

    A port that varies becomes ``*``, and so does a node that is a label of the host (``{node}.example.org``); where
    the node is the whole host, or only part of a label, the policy cannot say more than the nodes there are.
    """
    scheme, _, rest = urls.template.partition("://")
    netloc = rest.partition("/")[0].replace(f":{PORT}", ":*")
    if netloc.startswith(f"{NODE}."):
        direct = {f"{scheme}://{netloc.replace(NODE, '*', 1)}"}
    elif NODE in netloc:
        direct = {f"{scheme}://{netloc.replace(NODE, node)}" for node in nodes}
    else:
        direct = {f"{scheme}://{netloc}"}
    serve = urls.serve.removesuffix("/ws")
    return tuple(sorted({*direct, serve}))


def content_security_policy(sockets: Iterable[str]) -> str:
    """The policy that the page is served under; ``sockets`` are the sources of its WebSockets."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' https://static-cdn.jtvnw.net data:",
            "font-src 'self'",
            " ".join(("connect-src 'self'", *sockets)),
            "frame-src https://player.twitch.tv https://www.twitch.tv",
            "base-uri 'none'",
            "object-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
