"""Which addresses are of this machine: what goes there crosses no network."""

from __future__ import annotations

import ipaddress


def is_here(host: str) -> bool:
    """Whether a host name or an address is this machine by definition."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
