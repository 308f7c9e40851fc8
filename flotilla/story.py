"""The chapters of the demo. Every chapter checks what it claims, with the sandbox as an independent witness."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen

from prefect.client.orchestration import get_client
from rich.panel import Panel

from config.settings import settings
from federation.spec.federation import Federation
from federation.state.status import FederationStatus
from federation.state.traffic import TRAFFIC
from flotilla import processes
from flotilla.console import err, out, print_tree, status_tree
from flotilla.environment import child_environment
from flotilla.running import last_status, read_spec, run_flow
from flotilla.sandbox_blocks import register_blocks
from flotilla.sandbox_client import SandboxClient, start_sandbox, stop_sandbox
from flotilla.server import stop_server, use_prefect
from flows.apply import apply
from flows.propose import propose

SAMPLE = Path(__file__).parent.parent / "config" / "federations" / "tacfed.yaml"
HEAL_WITHIN_S = 180.0
TEARDOWN_WITHIN_S = 300.0


class StoryFailed(Exception):
    """Something was not as the story claims; the message says what."""


class Story:
    """The demo from nothing to nothing.

    Args:
        file: The federation's YAML file; the sample tacfed when None.
        pacing: How long slow things take in the sandbox.
        keep: End after the build and leave everything running.
    """

    def __init__(self, file: Path | None, *, pacing: str, keep: bool) -> None:
        self._file = file or SAMPLE
        self._pacing = pacing
        self._keep = keep
        self._begun = time.monotonic()
        self._chapter = 0

    def tell(self) -> None:
        """Tell the whole story; clean up behind it, also when it fails.

        Raises:
            StoryFailed: Something was not as claimed.
        """
        server: Popen[bytes] | None = None
        try:
            sandbox = self._world()
            spec = self._plan()
            self._build(sandbox, spec)
            self._build_again(sandbox, spec)
            self._show(spec)
            if self._keep:
                self._say("Everything stays up. Look around, then: flotilla destroy, flotilla sandbox down")
                return
            server = self._serve()
            self._break_and_heal(sandbox, spec)
            self._tear_down(spec)
            self._prove(sandbox)
        finally:
            if not self._keep:
                self._clean_up(server)
        out.print(Panel(f"The whole life of a federation in {time.monotonic() - self._begun:.0f} s.", style="green"))

    def _title(self, text: str) -> None:
        self._chapter += 1
        at = time.monotonic() - self._begun
        out.print(f"\n[bold]{self._chapter}. {text}[/] [dim]({at:.0f} s)[/]")

    def _say(self, text: str) -> None:
        out.print(f"   {text}", markup=False)

    def _world(self) -> SandboxClient:
        self._title("A world to build in: an emulated cloud, machines and Kubernetes, behind real sockets")
        with ThreadPoolExecutor(1) as aside:
            starting = aside.submit(start_sandbox, None, self._pacing)
            ui = use_prefect().removesuffix("/api")
            sandbox = starting.result()
        names = register_blocks(sandbox)
        self._say(f"Sandbox at {sandbox.url}, Prefect UI at {ui}")
        self._say(f"Credentials live in {len(names)} blocks; specs only name them.")
        return sandbox

    def _plan(self) -> Federation:
        self._title(f"The wish: {self._file.name}, and the plan to fulfil it")
        spec = read_spec(self._file)
        state = run_flow(lambda: propose(spec, return_state=True), 120.0)
        if not state.is_completed():
            raise StoryFailed(str(state.message))
        clusters = ", ".join(cluster.name for cluster in spec.spec.clusters)
        self._say(f"Clusters {clusters}; {len(spec.directions)} peerings; {len(spec.spec.applications)} applications.")
        return spec

    def _build(self, sandbox: SandboxClient, spec: Federation) -> None:
        self._title("The build: machines, nodes, add-ons, peerings, the application")
        state = run_flow(lambda: apply(spec, return_state=True), None)
        self._expect(state.is_completed(), f"the apply ended as {state.name}: {state.message}")
        self._expect_ready(spec)
        seen = sandbox.get("status")
        self._say(f"The cloud now has {len(seen['machines'])} machines and {len(seen['clusters'])} clusters.")

    def _build_again(self, sandbox: SandboxClient, spec: Federation) -> None:
        self._title("The same wish once more: nothing to do, nothing written on any wire")
        sandbox.post("journal/reset")
        state = run_flow(lambda: apply(spec, return_state=True), 120.0)
        self._expect(state.is_completed(), f"the second apply ended as {state.name}: {state.message}")
        journal = sandbox.get("journal", last="5", mutating="true")
        self._expect(journal["mutating"] == 0, f"the second apply wrote: {journal['last']}")
        self._say(f"{journal['total']} requests, {journal['mutating']} of them change anything.")

    def _show(self, spec: Federation) -> None:
        self._title("The status")
        status = self._status(spec)
        print_tree(status_tree(status, everything=False))
        traffic = {part.name: part.condition(TRAFFIC) for part in status.root.parts if part.kind == "Peering"}
        for name, condition in traffic.items():
            if condition is not None:
                self._expect(condition.status == "True", f"no traffic flows over {name}: {condition.message}")
                self._say(f"{condition.type} {name}: {condition.message}.")

    def _serve(self) -> Popen[bytes]:
        self._title("A watchman: the same loop on a schedule, every 5 seconds")
        environment = child_environment(FLOTILLA_RECONCILE_EVERY_S="5", FLOTILLA_REPAIR_AFTER_S="2")
        log = settings().home / "logs" / "serve.log"
        server = processes.start([sys.executable, "-m", "flotilla", "serve"], log, environment)
        processes.wait_ready(server, lambda: _deployed("teardown/flotilla"), log, 60.0)
        self._say("Its flows can also be started in the Prefect UI, and over the API.")
        return server

    def _break_and_heal(self, sandbox: SandboxClient, spec: Federation) -> None:
        cluster = spec.spec.clusters[-1]
        pool = cluster.workers[0].name if cluster.workers else None
        if pool is None or cluster.infrastructure.type == "hosts":
            return
        victim = f"{spec.name}-{cluster.name}-{pool}-0"
        self._title(f"An accident: machine {victim} dies")
        before = _machine_id(sandbox, victim)
        sandbox.post(f"machines/{victim}/kill")
        self._say("Nobody is told. The next scheduled reconcile sees it.")

        _wait(lambda: _machine_id(sandbox, victim) not in (None, before), HEAL_WITHIN_S, f"{victim} was not replaced")
        replaced_at = time.time()

        def healed() -> bool:
            status = self._status(spec)
            return status.observed_at > replaced_at and status.phase == "Ready"

        _wait(healed, HEAL_WITHIN_S, f"{spec.name} was not ready again")
        self._say(f"A new {victim} has taken its place, and everything is ready again.")

    def _tear_down(self, spec: Federation) -> None:
        self._title("The end, asked for over the Prefect API: POST /deployments/…/create_flow_run")
        state_name, message = _run_over_api("teardown/flotilla", {"federation": spec.name}, TEARDOWN_WITHIN_S)
        self._expect(state_name == "Completed", f"the teardown ended as {state_name}: {message}")
        self._say(f"Leak report: {message}")

    def _prove(self, sandbox: SandboxClient) -> None:
        self._title("The proof, from an independent witness: the cloud itself")
        left = sandbox.get("leftovers")
        self._expect(bool(left["clean"]), f"the cloud still has {left['left']}")
        self._say("The cloud counts 0 servers, 0 networks, 0 addresses, 0 keys of this project.")

    def _clean_up(self, server: Popen[bytes] | None) -> None:
        if server is not None:
            processes.stop(server.pid)
        stop_server()
        stop_sandbox()

    def _status(self, spec: Federation) -> FederationStatus:
        status = last_status(spec.name)
        if status is None:
            raise StoryFailed(f"nothing is known of {spec.name}")
        return status

    def _expect_ready(self, spec: Federation) -> None:
        status = self._status(spec)
        if status.phase != "Ready":
            print_tree(status_tree(status), err)
            raise StoryFailed(f"{spec.name} is {status.phase}")

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StoryFailed(otherwise)


def _wait(holds: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise StoryFailed(f"{otherwise} within {timeout_s:.0f} s")
        time.sleep(0.5)


def _machine_id(sandbox: SandboxClient, name: str) -> str | None:
    rows = sandbox.get("machines")["machines"]
    return next((row["id"] for row in rows if row["name"] == name), None)


def _deployed(name: str) -> bool:
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name(name)
        except ObjectNotFound:
            return False
    return True


def _run_over_api(deployment: str, parameters: dict[str, object], timeout_s: float) -> tuple[str, str]:
    """Start a run as any front end would, and wait for its end.

    Returns:
        Name of its final state, and its message.
    """
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(deployment)
        run = client.create_flow_run_from_deployment(found.id, parameters=parameters)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            state = client.read_flow_run(run.id).state
            if state is not None and state.is_final():
                return str(state.name), state.message or ""
            time.sleep(0.5)
    raise StoryFailed(f"{deployment} did not end in {timeout_s:.0f} s")
