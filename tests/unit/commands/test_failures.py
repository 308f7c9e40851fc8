"""What a user reads when something is not as it should be: one line and an exit code, never a traceback."""

from __future__ import annotations

import httpx
import pytest

from config.settings import Settings
from federation.errors import SpecInvalid, Unavailable
from flotilla.exits import Exit
from flotilla.failures import told_plainly
from flotilla.processes import StartFailed
from flotilla.sandbox_client import Refused

CASES = [
    (SpecInvalid("there is no federation 'x'"), Exit.BAD_INPUT, "there is no federation 'x'"),
    (Refused("no machine x"), Exit.BAD_INPUT, "no machine x"),
    (Unavailable("the registry cannot be used"), Exit.FAILED, "the registry cannot be used"),
    (StartFailed("no Prefect server answers"), Exit.FAILED, "no Prefect server answers"),
    (httpx.ConnectError("refused"), Exit.FAILED, "A server does not answer as it should: refused"),
    (RuntimeError("Failed to reach API at http://x"), Exit.FAILED, "Failed to reach API at http://x"),
    (PermissionError(13, "Permission denied", "/x"), Exit.FAILED, "/x: Permission denied"),
    (KeyboardInterrupt(), Exit.INTERRUPTED, "Interrupted."),
]


@pytest.mark.parametrize(("error", "code", "line"), CASES, ids=lambda case: type(case).__name__)
def test_known_errors_are_one_line(
    error: BaseException, code: Exit, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The line goes to standard error, and the code tells a script the same."""
    with pytest.raises(SystemExit) as ended, told_plainly():
        raise error
    assert ended.value.code == code
    assert capfd.readouterr() == ("", f"{line}\n")


def test_wrong_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever mistypes a number reads which variable holds it."""
    monkeypatch.setenv("FLOTILLA_CONCURRENCY", "many")
    with pytest.raises(SystemExit) as ended, told_plainly():
        Settings()
    assert ended.value.code == Exit.BAD_INPUT
    assert capfd.readouterr().err.startswith("FLOTILLA_CONCURRENCY: ")


def test_missing_authorities_name_their_variable(monkeypatch, capfd, tmp_path) -> None:
    """Python's own error says "No such file or directory", and not of which file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(SystemExit) as ended, told_plainly():
        httpx.Client()
    assert ended.value.code == Exit.FAILED
    assert capfd.readouterr().err.startswith(f"SSL_CERT_FILE: there is no file {tmp_path}")


def test_defects_of_ours_keep_their_traceback() -> None:
    """What nobody foresaw is not dressed up as the user's error."""
    with pytest.raises(RuntimeError, match="unforeseen"), told_plainly():
        raise RuntimeError("unforeseen")
