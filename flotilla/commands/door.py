"""The door for front ends: ``flotilla door`` serves it, ``flotilla tokens`` says who may use it."""

from __future__ import annotations

import asyncio
import re
import socket
from datetime import UTC, datetime
from typing import Annotated

import typer

from config.settings import settings
from flotilla.commands.options import OutputForm
from flotilla.console import err, out, print_data
from flotilla.exits import Exit
from flotilla.server import use_prefect

tokens_app = typer.Typer(help="Who may use the door for front ends.", no_args_is_help=True)
_OWNER = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(door)
    tokens_app.command()(create)
    tokens_app.command("list")(list_)
    tokens_app.command()(revoke)
    app.add_typer(tokens_app, name="tokens")


def door() -> None:
    """Open the door for front ends: an HTTP API to deploy, list, place and remove applications. Ctrl-C closes it.

    It keeps what is asked for and orders runs from the Prefect that `flotilla serve` works for.
    """
    taken = take_socket()
    use_prefect()
    try:
        asyncio.run(serve_on(taken))
    except KeyboardInterrupt:
        out.print("The door is closed. What was asked for stays.")


def take_socket() -> socket.socket:
    """The socket of the door; ends the command when it cannot be had."""
    from door.serving import listen

    found = settings()
    try:
        return listen(found.door_host, found.door_port)
    except OSError as error:
        err.print(
            f"The door cannot listen on {found.door_host}:{found.door_port}: {error.strerror}. "
            "FLOTILLA_DOOR_HOST and FLOTILLA_DOOR_PORT choose another place.",
            markup=False,
        )
        raise typer.Exit(Exit.FAILED) from None


async def serve_on(taken: socket.socket) -> None:
    """Serve the door on a socket, until cancelled."""
    from config.catalogue.reading import read_knowledge, read_tosca_profile
    from door.app import Facts, make_app
    from door.entrance import Bounds
    from door.runs import Runs
    from door.serving import serve_door
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        bounds = Bounds(per_minute=settings().door_requests_per_minute)
        app = make_app(registry, Facts(read_knowledge(), read_tosca_profile()), Runs(registry), bounds)
        if not registry.tokens.list():
            err.print("Nobody has a token yet: make one with: flotilla tokens create OWNER", markup=False)
        await serve_door(app, taken, lambda: out.print(f"Door: {_address(taken)}/openapi.json", markup=False))


def _address(taken: socket.socket) -> str:
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def create(
    owner: Annotated[str, typer.Argument(help="Whose applications it may see and change.", metavar="OWNER")],
    right: Annotated[
        list[str] | None,
        typer.Option(
            "--right",
            help="federations: deploy and remove whole federations; placements: place the components of every owner; "
            "administrator: everything, for every owner. May be given several times.",
        ),
    ] = None,
) -> None:
    """Make a token and print it. It is shown this once: only its digest is kept."""
    from registry.registry import Registry
    from registry.tokens import RIGHTS

    if _OWNER.fullmatch(owner) is None:
        err.print("An owner is written in lower-case letters, digits and '-', at most 63 of them.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT)
    unknown = sorted(set(right or ()) - set(RIGHTS))
    if unknown:
        err.print(f"There is no right {', '.join(unknown)}; there are {', '.join(RIGHTS)}.", markup=False)
        raise typer.Exit(Exit.BAD_INPUT)
    with Registry(settings().registry_url) as registry:
        made, text = registry.tokens.make(owner, frozenset(each for each in RIGHTS if each in (right or ())))
    err.print(f"Token {made.id} of {owner}. Keep it safe: it is not shown again.", markup=False)
    typer.echo(text)


def list_(output: OutputForm = "text") -> None:
    """List the tokens that hold: their ids, never the tokens themselves."""
    from rich.table import Table

    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        found = registry.tokens.list()
    rows = [
        {
            "id": each.id,
            "owner": each.owner,
            "rights": ", ".join(sorted(each.rights)),
            "made": datetime.fromtimestamp(each.made_at, UTC).isoformat(timespec="seconds"),
        }
        for each in found
    ]
    if output != "text":
        return print_data(rows, output)
    table = Table("id", "owner", "rights", "made")
    for row in rows:
        table.add_row(*row.values())
    return out.print(table)


def revoke(token: Annotated[str, typer.Argument(help="Id of the token.", metavar="ID")]) -> None:
    """Make a token invalid, at once."""
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        if not registry.tokens.revoke(token):
            err.print("There is no token of that id; list them with: flotilla tokens list", markup=False)
            raise typer.Exit(Exit.BAD_INPUT)
    out.print(f"Token {token} is revoked.", markup=False)
