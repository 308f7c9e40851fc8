"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flotilla.console import Output

SpecFile = Annotated[Path, typer.Option("-f", "--file", help="The federation's YAML file; - reads standard input.")]
OutputForm = Annotated[Output, typer.Option("-o", "--output", help="text for people; json or yaml for programs.")]
TimeLimit = Annotated[float | None, typer.Option("--timeout", help="Seconds after which the command gives up waiting.")]
FederationName = Annotated[str, typer.Argument(help="Name of the federation.", metavar="FEDERATION")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end, or only start it on a server.")]
