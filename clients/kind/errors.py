"""What kind and Docker complain of, as errors of ours.

Source: kind v0.31, pkg/cluster/internal/create and providers/docker; docker/cli 28, cli/command.
"""

from __future__ import annotations

from federation.errors import CommandFailed, Conflict, FlotillaError, Rejected, Unavailable, Unsupported

_LENGTH = 400
_TAIL = 8000
"""Characters of a log that are kept: kind prints all that kubeadm said."""
_AWAY = ("Cannot connect to the Docker daemon", "failed to connect to the docker API", "error during connect")


class DockerUnavailable(Unavailable):
    """No engine answers the program ``docker``."""

    reason = "DockerUnavailable"


def docker_missing() -> FlotillaError:
    """There is no program ``docker``."""
    return Unsupported(
        "there is no program 'docker' where Flotilla runs: install Docker Engine there, see "
        "https://docs.docker.com/engine/install",
        reason="DockerMissing",
    )


def kind_missing() -> FlotillaError:
    """There is no program ``kind``."""
    return Unsupported(
        "there is no program 'kind' where Flotilla runs: install it there, see "
        "https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
        reason="KindMissing",
    )


def from_complaint(doing: str, text: str, code: int) -> FlotillaError:
    """The error that a complaint stands for.

    Args:
        doing: What was being done, for the message.
        text: What was said on stderr; kind puts everything that it did before the line that begins with ``ERROR:``.
        code: Exit status.
    """
    if any(words in text for words in _AWAY):
        said = next(line for line in text.splitlines() if any(words in line for words in _AWAY))
        return DockerUnavailable(f"{said.strip()} Start it where Flotilla runs, or let its user use it")
    if "node(s) already exist for a cluster with the name" in text:
        return Conflict(f"{doing}: another process makes a cluster of that name")
    if "No such container" in text:
        return Conflict(f"{doing}: a container went meanwhile")
    if "permission denied while trying to connect to the" in text:
        message = "Docker lets this user not in: sudo usermod -aG docker $USER, then begin a new session"
        return Rejected(message, reason="DockerRefuses")
    if "failed to pull image" in text:
        return Rejected(f"{doing}: {_essence(text)}", reason="NodeImageMissing")
    return CommandFailed(f"{doing}: {_essence(text)}", exit_code=code, log_tail=text[-_TAIL:], reason="KindFailed")


def _essence(text: str) -> str:
    """The line that tells why, with what the command said that failed; of a long text its end."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    begins = next((index for index, line in enumerate(lines) if line.startswith("ERROR: ")), len(lines) - 1)
    said = " ".join(lines[max(begins, 0) :]).removeprefix("ERROR: ")
    return said if len(said) <= _LENGTH else f"{said[: _LENGTH // 2]} … {said[-_LENGTH // 2 :]}"
