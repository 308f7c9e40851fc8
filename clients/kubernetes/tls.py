"""TLS contexts that never leave a private key on a disk."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from clients.kubernetes.kubeconfig import Access
from federation.errors import SpecInvalid


def tls_context(access: Access) -> ssl.SSLContext:
    """A context that verifies the server and holds the client certificate, when there is one.

    Raises:
        SpecInvalid: CA, certificate or key are not what they should be, or do not belong together.
    """
    try:
        context = ssl.create_default_context(cadata=access.ca)
        if access.certificate and access.key:
            with _readable(f"{access.certificate}\n{access.key}") as path:
                context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise SpecInvalid(f"the kubeconfig's certificates cannot be used: {error.reason}") from None
    return context


@contextmanager
def _readable(text: str) -> Iterator[str]:
    """A path under which OpenSSL, which reads files only, finds the text: memory, or a 0600 file for a moment."""
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        descriptor, path = os.memfd_create("client-certificate"), ""
    else:
        descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
            stream.flush()
            yield path or f"/proc/self/fd/{descriptor}"
    finally:
        if path:
            os.unlink(path)
