"""The demo: the whole life of a federation, told as a story."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flotilla.console import err
from flotilla.exits import Exit


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(demo)


def demo(
    file: Annotated[Path | None, typer.Option("-f", "--file", help="Another federation than tacfed.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running at the end of the build.")] = False,
    pacing: Annotated[str, typer.Option(help="How long slow things take: fast or demo.")] = "demo",
) -> None:
    """Build, use, break, heal and remove a federation in the sandbox, in about two minutes."""
    from flotilla.story import Story, StoryFailed

    try:
        Story(file, pacing=pacing, keep=keep).tell()
    except StoryFailed as failed:
        err.print(f"[red]The demo failed:[/] {failed}")
        raise typer.Exit(Exit.FAILED) from None
