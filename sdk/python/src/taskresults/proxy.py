"""Whether a proxy is on the way to a server: one rule for the SDKs of all languages, see sdk/README.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

# Where gRPC looks for a proxy: the first one that is set counts, and when it is empty there is none.
_PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")
# Where hosts are listed that are called without one. gRPC itself heeds only small letters.
_DIRECT_VARIABLES = ("no_grpc_proxy", "no_proxy", "NO_PROXY")
# What a target says besides its addresses.
_TARGET = re.compile(r"(?:dns:(?://[^/]*/)?|ipv[46]:)?(?!unix(?:-abstract)?:)(.+)")
_ADDRESS = re.compile(r"(?:\[(.*)\]|(.*?))(?::\d+)?")


def proxy_of(target: str, environment: Mapping[str, str]) -> str | None:
    """The proxy on the way to `target`, such as `proxy.example:3128 (http_proxy)`, without any password.

    None when there is none, when its name cannot be read, or when the target is called directly, since it is loopback
    or listed in `no_proxy`.
    """
    variable = next((name for name in _PROXY_VARIABLES if name in environment), None)
    addresses = _TARGET.fullmatch(target)
    if variable is None or addresses is None:
        return None
    proxy = _proxy_address(environment[variable])
    listed = ",".join(environment.get(name, "") for name in _DIRECT_VARIABLES).lower().split(",")
    entries = [entry.strip() for entry in listed if entry.strip()]
    hosts = [_host(address) for address in addresses[1].split(",")]
    if proxy is None or all(_is_loopback(host) or _is_listed(host, entries) for host in hosts):
        return None
    return f"{proxy} ({variable})"


def _proxy_address(text: str) -> str | None:
    """gRPC speaks to proxies over plain HTTP alone."""
    try:
        url = urlsplit(text)
        return f"{url.hostname}:{url.port or 80}" if url.scheme == "http" and url.hostname else None
    except ValueError:
        return None


def _host(address: str) -> str:
    """Without its port and brackets."""
    if _is_address(address):
        return address
    parts = _ADDRESS.fullmatch(address)
    return (parts[1] or parts[2] or "").lower() if parts else ""


def _is_loopback(host: str) -> bool:
    name = host.rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or (_is_address(host) and ip_address(host).is_loopback)


def _is_listed(host: str, entries: list[str]) -> bool:
    """Whether an entry stands for a host: `*`, an address, a range of them, or the end of a name."""
    return any(entry == "*" or host.endswith(entry) or _is_within(host, entry) for entry in entries)


def _is_within(host: str, entry: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
