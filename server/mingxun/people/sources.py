"""Where a request comes from, as far as limits on guessing need it."""

import ipaddress
from typing import Any

from litestar import Request

from mingxun.kit.settings import Settings


def source_of(request: Request[Any, Any, Any], settings: Settings) -> str:
    """The address to count tries by: the peer's, or the last one in `X-Forwarded-For` that no trusted proxy of ours has.

    An IPv6 address counts as its /64, since whoever has one has all of it. Kept only as a hash, in the limits.
    """
    source = request.client.host if request.client else ""
    if source in settings.trusted_proxies:
        forwarded = [part.strip() for value in request.headers.getall("x-forwarded-for", []) for part in value.split(",")]
        source = next((part for part in reversed(forwarded) if part and part not in settings.trusted_proxies), source)
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source[:100]
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_here(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser is on this very machine, and not behind a proxy on it."""
    peer = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(peer).is_loopback and not {"x-forwarded-for", "forwarded"} & set(request.headers.keys())
    except ValueError:
        return False


def network_of(source: str) -> str:
    """The neighbourhood of a source: what one attacker easily has many addresses of (IPv4 /24, IPv6 /48)."""
    try:
        network = ipaddress.ip_network(source, strict=False)
    except ValueError:
        return source
    return str(network.supernet(new_prefix=24 if network.version == 4 else 48))
