"""The sandbox from the command line: up, down, status, faults, partitions, machines."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from flotilla.commands.options import OutputForm
from flotilla.console import err, out, print_data
from flotilla.exits import Exit
from flotilla.sandbox_client import Json, SandboxClient, running_sandbox, start_sandbox, stop_sandbox
from flotilla.server import use_prefect

sandbox_app = typer.Typer(help="An emulated world behind real sockets, to try everything in.", no_args_is_help=True)
Side = Annotated[str, typer.Argument(help="A cluster, a machine, or 'flotilla'.", metavar="SIDE")]
fault_app = typer.Typer(help="Make the sandbox misbehave.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (up, down, status, machine, trait, part, join, link):
        sandbox_app.command()(command)
    sandbox_app.command("cluster-api")(init_cluster_api)
    fault_app.command("add")(add_fault)
    fault_app.command("list")(list_faults)
    fault_app.command("clear")(clear_faults)
    sandbox_app.add_typer(fault_app, name="fault")
    app.add_typer(sandbox_app, name="sandbox")


def _sandbox() -> SandboxClient:
    running = running_sandbox()
    if running is None:
        err.print("The sandbox is down; start it with: flotilla sandbox up")
        raise typer.Exit(Exit.FAILED)
    return running


def up(
    network: Annotated[
        str | None, typer.Option(help="Loopback /16 of all its addresses; else that of last time, or a free one.")
    ] = None,
    pacing: Annotated[str | None, typer.Option(help="How long slow things take: instant, fast or demo.")] = None,
) -> None:
    """Start the sandbox, and register blocks that lead into it under the names that the samples use."""
    from flotilla.sandbox_blocks import register_blocks

    client = start_sandbox(network, pacing)
    use_prefect()
    names = register_blocks(client)
    out.print(f"The sandbox is up (control API {client.url}).", markup=False)
    out.print(f"Blocks: {', '.join(names)}", markup=False)
    out.print(f'Its Docker, for clusters of kind: export PATH="{client.programs}:$PATH"', markup=False)


def down() -> None:
    """Stop the sandbox; its state stays on disk, and the next 'up' goes on from it."""
    out.print("The sandbox is down." if stop_sandbox() else "The sandbox was not up.")


def status(output: OutputForm = "text") -> None:
    """Show machines, clusters, memory and requests of the sandbox."""
    seen = _sandbox().get("status")
    if output != "text":
        return print_data(seen, output)
    for each in seen["machines"]:
        where = each["public_address"] or each["private_address"]
        out.print(f"{each['power']:>4}  {each['name']:<28} {where:<16} {each['cluster'] or ''}", markup=False)
    requests = seen["requests"]
    out.print(
        f"{len(seen['machines'])} machines, {len(seen['clusters'])} clusters, {seen['memory_mib']} MiB, "
        f"{requests['total']} requests of which {requests['mutating']} change something",
        markup=False,
    )
    return None


def machine(
    name: Annotated[str, typer.Argument(help="Name of a machine.", metavar="MACHINE")],
    action: Annotated[str, typer.Argument(help="kill, stop, start, reboot or destroy.", metavar="ACTION")],
) -> None:
    """Do something to a machine behind everybody's back."""
    print_data(_sandbox().post(f"machines/{name}/{action}"), "json")


def trait(
    name: Annotated[str, typer.Argument(help="Name of a machine.", metavar="MACHINE")],
    traits: Annotated[
        str, typer.Argument(help='Such as \'{"mtu": 1300, "sudo": false}\'; {} for none.', metavar="JSON")
    ],
) -> None:
    """Make a machine odd: its architecture, clock, firewall, kernel modules, MTU, open ports or sudo."""
    print_data(_sandbox().put(f"machines/{name}/traits", _parsed(traits)), "json")


def init_cluster_api(
    cluster: Annotated[str, typer.Argument(help="A cluster of the sandbox.", metavar="CLUSTER")],
) -> None:
    """Let a cluster make others: what 'clusterctl init' does to a real one."""
    kinds = _sandbox().post(f"clusters/{cluster}/cluster-api")["kinds"]
    out.print(f"{cluster} serves {', '.join(kinds)}", markup=False)


def part(
    one: Side,
    other: Side,
    refuse: Annotated[bool, typer.Option(help="Refuse instead of hanging.")] = False,
    traffic_only: Annotated[
        bool, typer.Option(help="Drop only what pods send one another; tunnel and control plane stay up.")
    ] = False,
) -> None:
    """Part two clusters, or 'flotilla' and a cluster or machine, so that no packet passes."""
    mode = "traffic" if traffic_only else "refuse" if refuse else "hang"
    print_data(_sandbox().post("partitions", {"between": [one, other], "mode": mode}), "json")


def join(one: Side, other: Side) -> None:
    """End a partition."""
    print_data(_sandbox().delete("partitions", {"between": [one, other]}), "json")


def link(
    name: Annotated[str, typer.Argument(help="A cluster or a machine.", metavar="NAME")],
    profile: Annotated[str, typer.Argument(help="lan, best, average or worst; none takes it away.", metavar="PROFILE")],
    scale: Annotated[float, typer.Option(help="Everything that the link adds takes so many times as long.")] = 1.0,
) -> None:
    """Put a slow and lossy link between a cluster or machine and everything else."""
    if profile == "none":
        print_data(_sandbox().delete(f"links/{name}"), "json")
    else:
        print_data(_sandbox().put("links", {name: {"profile": profile, "scale": scale}}), "json")


def add_fault(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help='A rule as JSON: {"wire": "openstack", "path": "servers", "count": 2, "action": {"status": 503}}',
        ),
    ],
) -> None:
    """Add a fault: which requests it strikes, and what befalls them."""
    print_data(_sandbox().post("faults", _parsed(rule)), "json")


def _parsed(text: str) -> Json:
    try:
        content: Json = json.loads(text)
    except ValueError as error:
        err.print(f"not JSON: {error}", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from None
    return content


def list_faults() -> None:
    """List the faults that are in force."""
    print_data(_sandbox().get("faults"), "json")


def clear_faults() -> None:
    """Remove every fault."""
    print_data(_sandbox().delete("faults"), "json")
