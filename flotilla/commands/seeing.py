"""Commands that show: status, describe, list, get kubeconfig, get map, leaks."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.table import Table

from config.settings import settings
from federation.errors import SpecInvalid
from federation.spec.cluster import given_kubeconfigs
from federation.state.drawing import MAPS
from federation.state.status import FederationStatus, ObjectStatus
from flotilla.commands.options import FederationName, OutputForm
from flotilla.commands.watching import scrape_config
from flotilla.console import err, out, print_data, print_tree, status_tree
from flotilla.exits import Exit
from flotilla.running import known, last_status
from flotilla.server import use_prefect

get_app = typer.Typer(help="Get things for other tools.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(status)
    app.command()(describe)
    app.command("list")(list_)
    app.command()(applications)
    app.command()(leaks)
    get_app.command()(kubeconfig)
    get_app.command("map")(map_)
    get_app.command("scrape-config")(scrape_config)
    app.add_typer(get_app, name="get")


def _known(federation: str) -> FederationStatus:
    found = last_status(federation)
    if found is None:
        known(federation)
        work = _at_work(federation)
        err.print(f"{federation} was applied, and no run has ended yet. {work or 'None is at work.'}", markup=False)
        raise typer.Exit(Exit.NOT_CONVERGED)
    return found


def _at_work(federation: str) -> str:
    """A sentence about the run that is at work on a federation; empty when none is."""
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        lease = registry.leases.holder(federation, time.time())
    return f"At work on it: {lease.owner}." if lease else ""


def status(
    federation: FederationName,
    everything: Annotated[bool, typer.Option("--all", help="Show what is fine, too.")] = False,
    output: OutputForm = "text",
) -> None:
    """Show what was last seen of a federation: what is wrong, with the way to it. Exit code 3 unless it is Ready."""
    found = _known(federation)
    if output == "text":
        print_tree(status_tree(found, everything=everything))
        seen = datetime.fromtimestamp(found.observed_at, UTC).astimezone()
        work = _at_work(federation)
        out.print(f"[dim]seen at {seen:%Y-%m-%d %H:%M:%S}[/]{'  ' if work else ''}{work}")
    else:
        print_data(found.model_dump(mode="json") | {"phase": found.phase}, output)
    if found.phase != "Ready":
        raise typer.Exit(Exit.NOT_CONVERGED)


def describe(
    federation: FederationName,
    name: Annotated[str, typer.Argument(help="A cluster, machine, peering, application or component.", metavar="NAME")],
    output: OutputForm = "text",
) -> None:
    """Show every condition of one object and of its parts."""
    found = [part for part in _every(_known(federation).root) if part.name == name]
    if not found:
        names = sorted({part.name for part in _every(_known(federation).root)})
        raise SpecInvalid(f"{federation} has no object called {name}; it has {', '.join(names)}")
    if output != "text":
        return print_data([part.model_dump(mode="json") for part in found], output)
    for part in found:
        table = Table(title=f"{part.kind} {part.name}", title_justify="left")
        for column in ("object", "condition", "status", "reason", "message", "since"):
            table.add_column(column)
        for path, condition in part.walk():
            since = datetime.fromtimestamp(condition.since or 0, UTC).astimezone()
            where = path.rpartition("/")[0]
            row = (where, condition.type, condition.status, condition.reason, condition.message, f"{since:%H:%M:%S}")
            table.add_row(*row)
        out.print(table)
    return None


def _every(root: ObjectStatus) -> list[ObjectStatus]:
    return [root, *(found for part in root.parts for found in _every(part))]


def list_(output: OutputForm = "text") -> None:
    """List the federations that were applied."""
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        generations = registry.generations.list()
        rows = [
            {
                "name": each.federation,
                "generation": each.number,
                "clusters": len(each.document["spec"]["clusters"]),
                "phase": seen.phase if (seen := last_status(each.federation)) else "Unknown",
            }
            for each in generations
        ]
    if output != "text":
        return print_data(rows, output)
    return _print_rows(rows, ("name", "generation", "clusters", "phase"))


def applications(
    owner: Annotated[str | None, typer.Option("--owner", help="Only applications of this owner.")] = None,
    output: OutputForm = "text",
) -> None:
    """List applications, of all owners or of one."""
    from registry.registry import Registry

    rows: list[dict[str, object]] = []
    with Registry(settings().registry_url) as registry:
        names = [each.federation for each in registry.generations.list()]
    for name in names:
        found = last_status(name)
        for part in found.root.parts if found else ():
            if part.kind == "Application" and owner in (None, part.facts.get("owner")):
                facts = {key: part.facts.get(key, "") for key in ("owner", "home")}
                rows.append({"name": part.name, "federation": name, **facts, "available": part.summary.status})
    if output != "text":
        return print_data(rows, output)
    return _print_rows(rows, ("name", "owner", "federation", "home", "available"))


def _print_rows(rows: list[dict[str, object]], columns: tuple[str, ...]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    out.print(table)


def kubeconfig(
    federation: FederationName,
    cluster: Annotated[str, typer.Argument(help="One of its clusters.", metavar="CLUSTER")],
) -> None:
    """Print the kubeconfig of a cluster. It is a secret: redirect it to a file that only you can read."""
    from blocks.vault import BlockVault
    from registry.registry import Registry

    known(federation)
    use_prefect()
    with Registry(settings().registry_url) as registry:
        applied = registry.generations.current(federation)
    given = given_kubeconfigs(applied.parsed().spec.clusters) if applied else {}
    found = BlockVault({(federation, name): block for name, block in given.items()}).kubeconfig(federation, cluster)
    if found is None:
        raise SpecInvalid(f"No kubeconfig is kept for cluster {cluster} of {federation}.")
    typer.echo(found.rstrip())


def map_(
    federation: FederationName,
    form: Annotated[Literal["text", "mermaid", "svg"], typer.Option("--as", help="Form of the picture.")] = "text",
) -> None:
    """Draw what runs where, as it was last seen: pods of applications, clusters, and what joins them."""
    typer.echo(MAPS[form](_known(federation)))


def leaks(federation: FederationName, output: OutputForm = "text") -> None:
    """Look in clouds and on hosts for everything that carries the marks of a federation.

    For one that should exist this is its inventory; after a destroy it must be empty. Exit code 4 when it is not and
    the federation was destroyed.
    """
    use_prefect()
    from flows.leaks import look_for_leaks

    retired, found = look_for_leaks(federation)
    rows: list[dict[str, object]] = [{**each.row()} for each in found]
    unseen = [row for row in rows if row["kind"] == "unknown"]
    if output != "text":
        print_data(rows, output)
    else:
        _print_rows([row for row in rows if row not in unseen], ("kind", "name", "id", "remove with"))
        out.print(f"{len(rows) - len(unseen)} {'left' if retired else 'in use'}")
    for row in unseen:
        err.print(f"could not look: {row['place']}", markup=False)
    if len(rows) > len(unseen) and retired:
        raise typer.Exit(Exit.LEFTOVERS)
    if unseen:
        raise typer.Exit(Exit.FAILED)
