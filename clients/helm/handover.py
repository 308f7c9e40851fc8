"""Texts for a child process that must not be found on disk: kubeconfigs and chart values."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def handed_over(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A path at which a child process can read a text, and the descriptors that it must inherit.

    The text lives in memory where the system can do that, so that nothing stays behind when we are killed; elsewhere in
    a file that only its owner can read.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("flotilla", 0)
        try:
            os.write(descriptor, text.encode())
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        yield file.name, ()
