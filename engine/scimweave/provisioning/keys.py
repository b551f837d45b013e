"""Secret keys of an integration (design, section 7): random, shown once, stored as a digest."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from scimweave.store.base import KeyRecord, Store

PREFIX = "swk_"
# ``last used`` is for people: writing it with each request would double the load on the disk.
USE_INTERVAL = timedelta(minutes=1)


async def generate_key(
    store: Store, integration: str, grace: timedelta | None = None
) -> tuple[str, KeyRecord]:
    """Make a key of 256 random bits; returns the secret and what is stored of it.

    The keys before it stop working at once, or after ``grace``.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    record = await store.add_key(integration, _digest(secret), f"…{secret[-4:]}", grace)
    return secret, record


async def verify_key(store: Store, integration: str, secret: str) -> bool:
    """Whether ``secret`` opens ``integration`` now."""
    digest = _digest(secret)
    record = await store.key(digest)
    if record is None or not hmac.compare_digest(record.digest, digest):
        return False
    now = datetime.now(UTC)
    if record.integration != integration or (record.expires and record.expires <= now):
        return False
    if record.last_used is None or now - record.last_used > USE_INTERVAL:
        await store.key_used(record.id, now)
    return True


def _digest(secret: str) -> bytes:
    # A key is random, not a password: one round of SHA-256 cannot be searched.
    # Bytes of a header that are no UTF-8 come as surrogates.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
