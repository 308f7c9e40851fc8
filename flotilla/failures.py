"""Errors that are nobody's defect of ours, as one line and an exit code. Anything else keeps its traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from pydantic import ValidationError

from config.settings import Settings
from federation.errors import FlotillaError, SpecInvalid
from flotilla.console import err
from flotilla.exits import Exit
from flotilla.processes import StartFailed
from flotilla.sandbox_client import Refused

_PREFECT_SILENT = "Failed to reach API"
"""How a RuntimeError of Prefect begins when its server does not answer."""


_OURS = (FlotillaError, StartFailed, Refused, ValidationError, httpx.HTTPError, OSError, RuntimeError)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn errors of users, servers and disks into one line on standard error and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        _end("Interrupted.", Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)
    except _OURS as error:
        told = _told(error)
        if told is None:
            raise
        _end(told, code_of(error))


def _told(error: Exception) -> str | None:
    """What to say of an error; None when it is a defect of ours."""
    match error:
        case ValidationError():
            return _of_settings(error) if error.title == Settings.__name__ else None
        case httpx.HTTPError():
            return f"A server does not answer as it should: {error}"
        case FileNotFoundError(filename=None) if missing := _missing_authorities():
            return f"SSL_CERT_FILE: there is no file {missing}; name one with certificates, or unset it"
        case OSError():
            return f"{error.filename}: {error.strerror}" if error.filename else str(error)
        case RuntimeError():
            return str(error) if str(error).startswith(_PREFECT_SILENT) else None
        case _:
            return str(error)


def _missing_authorities() -> str | None:
    """The file of certificate authorities that is not there: Python's ``ssl`` does not say which one it looked for."""
    named = os.environ.get("SSL_CERT_FILE")
    return named if named and not os.path.exists(named) else None


def _of_settings(error: ValidationError) -> str:
    wrong = error.errors(include_url=False)
    return "; ".join(f"FLOTILLA_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in wrong)


def code_of(error: object) -> Exit:
    """The exit code of an error: what the user asked for cannot be, or it did not work."""
    return Exit.BAD_INPUT if isinstance(error, (SpecInvalid, Refused, ValidationError)) else Exit.FAILED


def _end(message: str, code: Exit) -> None:
    err.print(message, markup=False)
    sys.exit(code)
