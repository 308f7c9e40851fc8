"""Credentials from the command line: list block types, and make a block from a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from federation.errors import TerminalError
from federation.spec.document import parse_document
from federation.spec.problems import SpecErrors, plain
from flotilla.console import err, out
from flotilla.exits import Exit
from flotilla.running import read_text, source_of
from flotilla.server import use_prefect

blocks_app = typer.Typer(help="Credentials that specs refer to by name.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    blocks_app.command()(types)
    blocks_app.command()(create)
    app.add_typer(blocks_app, name="blocks")


def types() -> None:
    """List the types of blocks and their fields."""
    from blocks.credentials import BLOCKS

    for kind in BLOCKS:
        out.print(f"[bold]{kind.get_block_type_slug()}[/]  {kind._description}")  # noqa: SLF001 - Prefect's own name
        for name, field in kind.model_fields.items():
            if field.description:
                needed = "required" if field.is_required() else "optional"
                out.print(f"    {name} ({needed}): {field.description}", markup=False)


def create(
    kind: Annotated[str, typer.Argument(help="Type of the block, such as flotilla-openstack-cloud.", metavar="TYPE")],
    name: Annotated[str, typer.Argument(help="Name that specs use.", metavar="NAME")],
    file: Annotated[Path, typer.Option("-f", "--file", help="YAML file with the fields; - reads standard input.")],
) -> None:
    """Make or replace a block. Its values are stored encrypted, in Prefect's database."""
    from blocks.credentials import BLOCKS, ClusterAccess
    from clients.kubernetes.kubeconfig import parse_kubeconfig

    found = next((each for each in BLOCKS if each.get_block_type_slug() == kind), None)
    if found is None:
        known = ", ".join(each.get_block_type_slug() for each in BLOCKS)
        err.print(f"There is no block type {kind}; there are {known}.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT)
    if re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) is None:
        err.print(f"{plain(name)} cannot be a name: write lower-case letters, digits and '-'.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT)
    try:
        block = found.model_validate(parse_document(read_text(file), source_of(file)).plain())
    except (OSError, SpecErrors, ValidationError) as error:
        err.print(_without_values(error), markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    try:
        if isinstance(block, ClusterAccess):
            parse_kubeconfig(block.kubeconfig.get_secret_value())
    except TerminalError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    use_prefect()
    block.save(name, overwrite=True)
    out.print(f"{kind}/{name} is stored.", markup=False)


def _without_values(error: Exception) -> str:
    """What is wrong, without what was given: that may be a secret."""
    if isinstance(error, ValidationError):
        lines = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        return "\n".join(lines)
    if isinstance(error, SpecErrors):
        return "\n".join(
            f"{each.file}:{each.line}:{each.column}: cannot be read: {each.fix}" for each in error.problems
        )
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
