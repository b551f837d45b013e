from __future__ import annotations

import pytest

from scimweave_server.simulate.dialect import Dialect
from scimweave_server.simulate.tenant import TenantError, parse_tenant


@pytest.mark.parametrize(
    ("url", "base", "dialect"),
    [
        ("https://preciate.com/api/v1/scim", "https://preciate.com/api/v1/scim", Dialect.VERBOSE),
        ("https://preciate.com/scim/", "https://preciate.com/scim", Dialect.VERBOSE),
        ("http://[::1]:8080", "http://[::1]:8080", Dialect.VERBOSE),
        ("https://x.com/scim?aadOptscim062020", "https://x.com/scim", Dialect.COMPACT),
    ],
)
def test_flag_chooses_the_dialect_and_is_not_sent(url: str, base: str, dialect: Dialect) -> None:
    tenant = parse_tenant(url, " token ")
    assert (tenant.url, tenant.dialect, tenant.token) == (base, dialect, "token")


@pytest.mark.parametrize(
    "url", ["", "preciate.com/scim", "ftp://x.com", "http://", "http://x:99999", "http://a:b@x.com"]
)
def test_unusable_url(url: str) -> None:
    with pytest.raises(TenantError):
        parse_tenant(url, "token")


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_unusable_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(TenantError) as raised:
        parse_tenant("https://x.com", token)
    assert not token.strip() or token not in str(raised.value)


def test_token_is_not_in_the_representation() -> None:
    assert "s3cr3t" not in repr(parse_tenant("https://x.com", "s3cr3t"))
