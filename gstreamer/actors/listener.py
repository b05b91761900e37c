"""The port that viewers' sockets come in by, bound as soon as it is free."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from gstreamer.log import get

RETRY_S = 0.5
BACKLOG = 4_096

_log = get("connection")


class Listener:
    """
    A listening socket.

    Args:
        host: Address to listen on.
        port: Its port; 0 takes a free one.
        tls: Certificate chain and key (PEM files) for wss, or None.
    """

    def __init__(self, host: str, port: int, tls: tuple[str, str] | None = None) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on; 0 while it does not."""
        sockets = () if self._server is None else self._server.sockets
        return sockets[0].getsockname()[1] if sockets else 0

    async def open(self, accept: Callable[[], asyncio.Protocol]) -> None:
        """Listen; while an earlier process still holds the port, wait for it."""
        complained = False
        while self._server is None:
            try:
                context = None if self._tls is None else _tls_context(*self._tls)
                self._server = await asyncio.get_running_loop().create_server(
                    accept, self._host, self._port, ssl=context, backlog=BACKLOG, reuse_address=True
                )
            except OSError as error:
                if not complained:
                    _log.warning("cannot listen yet", host=self._host, port=self._port, reason=str(error))
                complained = True
                await asyncio.sleep(RETRY_S)

    def close(self) -> None:
        """Take no new sockets."""
        if self._server is not None:
            self._server.close()


def _tls_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
