"""How the connection to a database is encrypted."""

from __future__ import annotations

import ssl

from scimweave.connectors.base import TargetError
from scimweave.connectors.sql.options import TlsOptions


def tls_context(tls: TlsOptions) -> ssl.SSLContext | None:
    """Return what a driver encrypts with; None for ``disable``. Raises ``TargetError``.

    ``require`` encrypts and believes everybody, ``verify-ca`` asks for a certificate that the
    authority signed, ``verify-full`` for one of this host.
    """
    if tls.mode == "disable":
        return None
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:
        raise TargetError(f"target.tls: the certificates cannot be read: {error}") from error
    context.check_hostname = tls.mode == "verify-full"
    if tls.mode in {"require", "prefer"}:
        context.verify_mode = ssl.CERT_NONE
    return context
