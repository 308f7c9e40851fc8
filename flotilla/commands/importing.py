"""Commands that convert documents in the formats of others. They change nothing: what they print can be applied."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from config.catalogue.reading import read_knowledge, read_tosca_profile
from federation.importing.joining import import_into_text
from federation.importing.lowlevel.conversion import import_lowlevel
from federation.importing.lowlevel.options import LowLevelOptions
from federation.importing.reading import Source, explained
from federation.importing.tosca.conversion import import_tosca
from federation.importing.tosca.options import ToscaOptions
from federation.importing.writing import render_yaml, written
from federation.spec.problems import Problem, SpecErrors, render_field
from flotilla.console import err
from flotilla.running import read_text, source_of, told_problems

import_app = typer.Typer(help="Convert documents of others into specs, and print them.", no_args_is_help=True)
M = TypeVar("M", bound=BaseModel)

Document = Annotated[Path, typer.Argument(help="The document; - reads standard input.", metavar="FILE")]
Into = Annotated[Path | None, typer.Option(help="A federation's YAML file: print it with the application in it.")]
Inputs = Annotated[list[str] | None, typer.Option("--input", help="Value of an input.", metavar="NAME=VALUE")]
Places = Annotated[
    list[str] | None,
    typer.Option("--place", help="Cluster of a placement hint or a component.", metavar="CLOUD=CLUSTER"),
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="Host name of a public component.", metavar="COMPONENT=HOST")
]
Certificates = Annotated[
    list[str] | None,
    typer.Option("--tls", help="SecretBundle block with a component's certificate.", metavar="COMPONENT=BLOCK"),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    import_app.command()(tosca)
    import_app.command()(lowlevel)
    app.add_typer(import_app, name="import")


def tosca(  # noqa: PLR0913, PLR0917 - what a blueprint leaves open, each by an option of its own
    file: Document,
    into: Into = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the application; that of the blueprint if left out.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Its owner; the blueprint's author if left out.")] = None,
    inputs: Inputs = None,
    place: Places = None,
    host: Hosts = None,
    tls: Certificates = None,
    registry_secret: Annotated[str | None, typer.Option(help="Block with the registry's credentials.")] = None,
) -> None:
    """Convert a TOSCA blueprint: print its application, or with --into a federation with the application in it.

    Remarks go to standard error. Exit code 2 when it cannot be converted: every problem at once, with line and fix.
    """
    with told_problems():
        given = {"name": name, "owner": owner, "registrySecret": registry_secret}
        pairs = {"inputs": inputs, "place": place, "hosts": host, "certificates": tls}
        split = {field: _pairs(field, each) for field, each in pairs.items()}
        options = _options(ToscaOptions, {**{key: each for key, each in given.items() if each is not None}, **split})
        source, profile = Source(read_text(file), source_of(file)), read_tosca_profile()
        if into is None:
            imported = import_tosca(source, profile, options)
            _tell(imported.remarks)
            return typer.echo(render_yaml({"applications": [written(imported.application)]}).rstrip())
        federation = Source(read_text(into), source_of(into))
        joined = import_into_text(source, federation, profile, options, read_knowledge())
        _tell(joined.remarks)
        return typer.echo(joined.text.rstrip())


def lowlevel(  # noqa: PLR0913, PLR0917 - what the resource leaves open, each by an option of its own
    file: Document,
    name: Annotated[str | None, typer.Option(help="Name of the federation; the resource's if left out.")] = None,
    cloud: Annotated[str | None, typer.Option(help="OpenStackCloud block; lab if left out.")] = None,
    external_network: Annotated[str | None, typer.Option(help="Of floating addresses; public if left out.")] = None,
    pod_range: Annotated[str | None, typer.Option(help="Each cluster's pods get a /16 of it.")] = None,
    service_range: Annotated[str | None, typer.Option(help="Each cluster's services get a /16 of it.")] = None,
    ingress: Annotated[str | None, typer.Option(help="Add-on for public ports: ingress-nginx or traefik.")] = None,
    direction: Annotated[str | None, typer.Option(help="Of links: both, first-consumes, second-consumes.")] = None,
    profile: Annotated[str | None, typer.Option(help="Quality of links: lan, best, average or worst.")] = None,
    host: Hosts = None,
    tls: Certificates = None,
) -> None:
    """Convert a LowLevelOrchestration of CHARITY: print its federation.

    Remarks go to standard error. Exit code 2 when it cannot be converted: every problem at once, with line and fix.
    """
    with told_problems():
        given = {
            "name": name,
            "cloud": cloud,
            "externalNetwork": external_network,
            "podRange": pod_range,
            "serviceRange": service_range,
            "ingress": ingress,
            "direction": direction,
            "profile": profile,
        }
        pairs = {"hosts": _pairs("hosts", host), "certificates": _pairs("certificates", tls)}
        options = _options(LowLevelOptions, {key: each for key, each in given.items() if each is not None} | pairs)
        imported = import_lowlevel(Source(read_text(file), source_of(file)), read_knowledge(), options)
        _tell(imported.remarks)
        typer.echo(imported.text.rstrip())


def _tell(remarks: Iterable[Problem]) -> None:
    for remark in remarks:
        err.print(str(remark), markup=False)


def _pairs(field: str, given: list[str] | None) -> dict[str, str]:
    """What options of the form ``NAME=VALUE`` say."""
    found: dict[str, str] = {}
    for each in given or ():
        key, equals, value = each.partition("=")
        if not key or not equals:
            raise SpecErrors(
                [Problem("options", 1, 1, field, f"'{each}' is not of the right form", "write NAME=VALUE")]
            )
        if key in found:
            raise SpecErrors([Problem("options", 1, 1, field, f"'{key}' is given twice", "keep one of them")])
        found[key] = value
    return found


def _options(model: type[M], given: dict[str, Any]) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = explained(error, model.model_json_schema(by_alias=True))
        raise SpecErrors(
            Problem("options", 1, 1, render_field(path), message, fix) for path, message, fix in found
        ) from None
