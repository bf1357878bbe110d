"""Where pushes may be sent. A subscription names an address that a stranger chose, so it must never lead into our own network."""

import functools
import ipaddress
import socket
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TIMEOUT = 10.0
"""Seconds for one push, from connecting to the answer's head."""


class Refusal(StrEnum):
    """Why an address is not sent to."""

    NOT_HTTPS = "not_https"
    """Only https."""
    NOT_AN_ADDRESS = "not_an_address"
    """It can't be read, or carries a user name."""
    PRIVATE = "private"
    """It leads to this machine or a private network; `push_allow_private` allows that, for closed networks and tests."""


def refuse(endpoint: str, *, allow_private: bool) -> Refusal | None:
    """Why `endpoint` is refused, as far as it can be told without asking the DNS; None when it may be sent to."""
    # Only what stands before the path decides, and there are few push services.
    return _refuse("/".join(endpoint.split("/", 3)[:3]), allow_private)


@functools.lru_cache(maxsize=256)
def _refuse(endpoint: str, allow_private: bool) -> Refusal | None:
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Refusal.NOT_AN_ADDRESS
    if not host or "@" in parts.netloc:
        return Refusal.NOT_AN_ADDRESS
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return Refusal.NOT_HTTPS
    if allow_private:
        return None
    literal = _literal(host)
    if literal is not None:
        return None if is_public(literal) else Refusal.PRIVATE
    bare = host.rstrip(".").lower()
    if "." not in bare or bare.endswith((".localhost", ".local", ".internal", ".home.arpa")):
        return Refusal.PRIVATE
    return None


def is_public(address: Address) -> bool:
    """Whether it is an address of the internet at large. One hidden in an IPv6 address (mapped, NAT64, 6to4, Teredo) counts."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if hidden is None and address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001, 2130706433: what the system's resolver takes for IPv4, too
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ipaddress.AddressValueError):
        return None


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only. The connection goes to what is checked here, so a name can't change in between."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Raises OSError when the name has no public address."""
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(ipaddress.ip_address(one["host"].partition("%")[0]))]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def outgoing_session(*, allow_private: bool) -> aiohttp.ClientSession:
    """The session that pushes go through: connections are kept, redirects and cookies are not followed."""
    resolver: Callable[[], AbstractResolver] = ThreadedResolver if allow_private else PublicResolver
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver(), limit=200, limit_per_host=64, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "Mingxun"},
    )
