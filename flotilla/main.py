"""The ``flotilla`` command."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

import typer

from flotilla.environment import prepare
from flotilla.failures import told_plainly

app = typer.Typer(
    name="flotilla",
    help="Federations of Kubernetes clusters: built, joined, used, healed and removed from one YAML file.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(version("flotilla"))
        except PackageNotFoundError:
            typer.echo("from source")
        raise typer.Exit


@app.callback()
def main(
    _version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Federations of Kubernetes clusters, from one YAML file."""


def run() -> None:
    """Entry point: prepares Prefect's environment, then registers the commands, which import Prefect when they run.

    What this process and those that it starts write is for its user alone: Prefect keeps the key to its blocks beside
    them, in a file that would be open to all.
    """
    os.umask(0o077)
    prepare()
    from flotilla.commands import (
        blocks,
        demo,
        door,
        importing,
        lifecycle,
        preflight,
        sandbox,
        seeing,
        serving,
        specs,
        telling,
        watching,
    )

    for module in (
        specs,
        preflight,
        importing,
        lifecycle,
        seeing,
        telling,
        watching,
        serving,
        door,
        blocks,
        sandbox,
        demo,
    ):
        module.register(app)
    with told_plainly():
        app(prog_name="flotilla")
