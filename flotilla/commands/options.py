"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import settings
from federation.errors import FlotillaError
from flotilla.console import Output


def complete_federation(incomplete: str) -> list[str]:
    """Names of applied federations, for the shell; nothing when they cannot be read."""
    from registry.registry import Registry

    try:
        with Registry(settings().registry_url) as registry:
            names = [each.federation for each in registry.generations.list()]
    except FlotillaError:
        return []
    return [name for name in names if name.startswith(incomplete)]


SpecFile = Annotated[Path, typer.Option("-f", "--file", help="The federation's YAML file; - reads standard input.")]
OutputForm = Annotated[Output, typer.Option("-o", "--output", help="text for people; json or yaml for programs.")]
TimeLimit = Annotated[float | None, typer.Option("--timeout", help="Seconds after which the command gives up waiting.")]
FederationName = Annotated[
    str, typer.Argument(help="Name of the federation.", metavar="FEDERATION", autocompletion=complete_federation)
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end, or only start it on a server.")]
