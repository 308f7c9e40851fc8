"""Commands for Prometheus: Flotilla's metrics, and how to scrape a federation's clusters."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from clients.kubernetes.kubeconfig import Access, parse_kubeconfig
from config.settings import settings
from federation.errors import SpecInvalid
from federation.scraping import CA, CERTIFICATE, KEY, KUBECONFIG, TOKEN, ScrapedCluster, scrape_configuration
from federation.spec.cluster import Cluster, given_kubeconfigs
from federation.spec.federation import Federation
from flotilla.commands.options import FederationName
from flotilla.console import err, out, print_data
from flotilla.running import known
from flotilla.server import use_prefect


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(metrics)


def metrics(
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one. FLOTILLA_METRICS_PORT.")
    ] = None,
) -> None:
    """Serve the metrics for Prometheus, and nothing else, until Ctrl-C. `flotilla serve` does so, too."""
    from deployments.exposition import exposed

    with exposed(settings(), port) as url:
        out.print(f"metrics: {url}", markup=False)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def scrape_config(
    federation: FederationName,
    credentials: Annotated[
        Path | None,
        typer.Option("--credentials", help="Folder in which Prometheus finds credentials, a folder for each cluster."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the credentials that Flotilla has there, for your eyes only.")
    ] = False,
) -> None:
    """Print scrape_configs for Prometheus: Flotilla, and API server, nodes and Liqo of each cluster.

    Credentials are named by file, and are not in the output.
    """
    known(federation)
    use_prefect()
    spec, kubeconfigs = _applied(federation)
    folder = (credentials or Path("/etc/prometheus/flotilla") / federation).absolute()
    found = []
    for cluster in spec.spec.clusters:
        text = kubeconfigs.get(cluster.name)
        if text is None:
            err.print(f"cluster {cluster.name} is left out: no kubeconfig is kept for it", markup=False)
            continue
        access = parse_kubeconfig(text)
        found.append(_scraped(cluster, access))
        if write:
            _write(folder / cluster.name, text, access)
    at = f"{settings().metrics_host}:{settings().metrics_port}"
    print_data(scrape_configuration(federation, found, str(folder), at), "yaml")


def _applied(federation: str) -> tuple[Federation, dict[str, str]]:
    """The spec, and the kubeconfigs that there are."""
    from blocks.vault import BlockVault
    from registry.registry import Registry

    with Registry(settings().registry_url) as registry:
        applied = registry.generations.current(federation)
    if applied is None:
        raise SpecInvalid(f"There is no federation '{federation}'")
    spec = applied.parsed()
    given = given_kubeconfigs(spec.spec.clusters)
    vault = BlockVault({(federation, name): block for name, block in given.items()})
    found = {each.name: vault.kubeconfig(federation, each.name) for each in spec.spec.clusters}
    return spec, {name: text for name, text in found.items() if text is not None}


def _scraped(cluster: Cluster, access: Access) -> ScrapedCluster:
    parts = urlsplit(access.server)
    return ScrapedCluster(
        name=cluster.name,
        api=f"{parts.netloc}" if parts.port else f"{parts.netloc}:443",
        login="token" if access.token else "certificate",
        server_name=access.server_name,
        liqo=any(addon.name == "liqo" for addon in cluster.addons),
    )


def _write(folder: Path, kubeconfig: str, access: Access) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {KUBECONFIG: kubeconfig, CA: access.ca, CERTIFICATE: access.certificate, KEY: access.key}
    files[TOKEN] = access.token
    for name, content in files.items():
        if content is not None:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as stream:
                stream.write(content)
