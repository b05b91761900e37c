"""The page may open each socket that a ticket or a move can name, and nothing else."""

from __future__ import annotations

from gstreamer.core.urls import content_security_policy, socket_sources, socket_urls


def test_by_default_a_socket_is_at_our_host_and_the_actor_s_port() -> None:
    urls = socket_urls("http://localhost:8000", None, through_serve=False, tls=False)

    assert urls.of("node-1", 8001) == "ws://localhost:8001/"
    assert socket_sources(urls, ()) == ("ws://localhost:*", "ws://localhost:8000")


def test_with_a_certificate_the_actor_s_own_port_speaks_tls() -> None:
    urls = socket_urls("https://[2001:db8::1]", None, through_serve=False, tls=True)

    assert urls.of("node-1", 8001) == "wss://[2001:db8::1]:8001/"


def test_through_serve_every_socket_is_at_the_serve_port() -> None:
    urls = socket_urls("https://live.example.org", None, through_serve=True, tls=False)

    assert urls.of("node-1", 8001) == "wss://live.example.org/ws"
    assert "wss://live.example.org" in socket_sources(urls, ())


def test_a_template_says_where_nodes_are() -> None:
    urls = socket_urls("https://x.org", "wss://{node}.ws.x.org:{port}/live", through_serve=False, tls=False)

    assert urls.of("n1", 9001) == "wss://n1.ws.x.org:9001/live"
    assert socket_sources(urls, ("n1",)) == ("wss://*.ws.x.org:*", "wss://x.org")


def test_nodes_that_no_wildcard_covers_are_listed() -> None:
    urls = socket_urls("https://x.org", "wss://{node}:{port}", through_serve=False, tls=False)

    assert socket_sources(urls, ("10.0.0.2", "10.0.0.1")) == ("wss://10.0.0.1:*", "wss://10.0.0.2:*", "wss://x.org")


def test_a_node_in_the_path_alone_needs_one_source() -> None:
    urls = socket_urls("https://x.org", "wss://ws.x.org/{node}/{port}", through_serve=False, tls=False)

    assert socket_sources(urls, ("n1", "n2")) == ("wss://ws.x.org", "wss://x.org")


def test_the_policy_names_the_sockets_and_allows_no_inline_code() -> None:
    policy = content_security_policy(("ws://localhost:*",))

    assert "connect-src 'self' ws://localhost:*;" in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
