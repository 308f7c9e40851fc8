"""The control API: look at the world from outside it, break it, heal it, and witness what is left."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any, get_args

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router

from sandbox import witness
from sandbox.docker.serving import serve_docker
from sandbox.faults import PartitionMode, parse_rule
from sandbox.kubernetes.controllers.clusterapi.definitions import crds
from sandbox.kubernetes.controllers.objects import ensure
from sandbox.kubernetes.controllers.served import CRDS
from sandbox.links import parse_link
from sandbox.machines import TRAITS, Flavor, Machine
from sandbox.universe import Universe

Json = dict[str, Any]


class Control:
    """Handlers over one universe; ``base_url`` is where the front is reached from."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._world = universe.world
        self.base_url = ""

    def routes(self) -> Mount:
        """Everything below ``/control``."""
        post, delete = ["POST"], ["DELETE"]
        return Mount(
            "/control",
            Router(
                [
                    Route("/health", _json(self._health)),
                    Route("/status", _json(self._status)),
                    Route("/credentials", _json(self._credentials)),
                    Route("/leftovers", _json(self._leftovers)),
                    Route("/snapshot", _json(self._snapshot), methods=post),
                    Route("/pacing", _json(self._pacing), methods=["GET", "PUT", "POST"]),
                    Route("/journal", _json(self._journal)),
                    Route("/journal/reset", _json(self._reset_journal), methods=post),
                    Route("/faults", _json(self._list_faults)),
                    Route("/faults", _json(self._add_fault), methods=post),
                    Route("/faults", _json(self._clear_faults), methods=delete),
                    Route("/faults/{id}", _json(self._remove_fault), methods=delete),
                    Route("/partitions", _json(self._list_partitions)),
                    Route("/partitions", _json(self._add_partition), methods=post),
                    Route("/partitions", _json(self._remove_partition), methods=delete),
                    Route("/links", _json(self._links), methods=["GET", "PUT", "POST"]),
                    Route("/links/{name:path}", _json(self._remove_link), methods=delete),
                    Route("/quotas", _json(self._quotas), methods=["GET", "PUT", "POST"]),
                    Route("/openstack", _json(self._openstack), methods=["GET", "PUT", "POST"]),
                    Route("/tokens/expire", _json(self._expire_tokens), methods=post),
                    Route("/inventories/{name}", _json(self._inventory), methods=["PUT", "POST"]),
                    Route("/machines", _json(self._machines)),
                    Route("/machines/{name:path}/traits", _json(self._traits), methods=["PUT"]),
                    Route("/machines/{name:path}/{action}", _json(self._act), methods=post),
                    Route("/clusters/{name:path}/cluster-api", _json(self._init_cluster_api), methods=post),
                    Route("/watches/cut", _json(self._cut_watches), methods=post),
                    Route("/docker", _json(self._docker), methods=post),
                ]
            ),
        )

    async def _health(self, _request: Request) -> Json:
        return {"status": "ok", "network": str(self._world.network)}

    async def _status(self, _request: Request) -> Json:
        return witness.status(self._universe)

    async def _credentials(self, _request: Request) -> Json:
        return witness.credentials(self._universe, self.base_url)

    async def _leftovers(self, _request: Request) -> Json:
        return witness.leftovers(self._universe)

    async def _snapshot(self, _request: Request) -> Json:
        return {"written": self._universe.store.flush()}

    async def _pacing(self, request: Request) -> Json:
        pacing = self._world.pacing
        if request.method != "GET":
            wanted = await _body(request)
            pacing.change(wanted.get("profile"), wanted.get("overrides"))
            self._world.changed("world")
        return {"profile": pacing.profile, "overrides": pacing.overrides}

    async def _journal(self, request: Request) -> Json:
        query = request.query_params
        mutating = {"true": True, "false": False}.get(query.get("mutating", ""))
        return self._world.journal.report(int(query.get("last", "200")), query.get("wire"), mutating=mutating)

    async def _reset_journal(self, _request: Request) -> Json:
        self._world.journal.reset()
        return self._world.journal.report()

    async def _list_faults(self, _request: Request) -> Json:
        return {"faults": [rule.describe() for rule in self._world.faults.rules.values()]}

    async def _add_fault(self, request: Request) -> Json:
        body = await _body(request)
        rows = body.get("faults", [body])
        return {"ids": [self._world.faults.add(rule) for rule in [parse_rule(row) for row in rows]]}

    async def _clear_faults(self, _request: Request) -> Json:
        self._world.faults.clear()
        await self._world.heed_partitions()
        return {"faults": []}

    async def _remove_fault(self, request: Request) -> Json:
        if not self._world.faults.remove(request.path_params["id"]):
            raise HTTPException(404, f"no fault {request.path_params['id']}")
        return await self._list_faults(request)

    async def _list_partitions(self, _request: Request) -> Json:
        return {"partitions": self._world.faults.partitions()}

    async def _add_partition(self, request: Request) -> Json:
        wanted = await _body(request)
        one, other = _pair(wanted)
        mode = wanted.get("mode", "hang")
        if mode not in get_args(PartitionMode):
            raise ValueError(f"mode is one of {', '.join(get_args(PartitionMode))}")
        self._world.faults.part(one, other, mode)
        await self._world.heed_partitions()
        return await self._list_partitions(request)

    async def _remove_partition(self, request: Request) -> Json:
        one, other = _pair(await _body(request))
        if not self._world.faults.join(one, other):
            raise HTTPException(404, f"{one} and {other} are not parted")
        await self._world.heed_partitions()
        return await self._list_partitions(request)

    async def _links(self, request: Request) -> Json:
        if request.method != "GET":
            for name, fields in (await _body(request)).items():
                self._world.faults.links[name] = parse_link(fields)
            await self._world.heed_partitions()
        return {name: vars(link) for name, link in self._world.faults.links.items()}

    async def _remove_link(self, request: Request) -> Json:
        self._world.faults.links.pop(request.path_params["name"], None)
        await self._world.heed_partitions()
        return await self._links(request)

    async def _quotas(self, request: Request) -> Json:
        compute, network = self._universe.cloud.compute.quotas, self._universe.cloud.network.quotas
        if request.method != "GET":
            for name, limit in (await _body(request)).items():
                if name not in compute and name not in network:
                    raise ValueError(f"no quota {name!r}; there are {', '.join([*compute, *network])}")
                (compute if name in compute else network)[name] = int(limit)
            self._universe.cloud.changed()
        return {**compute, **network}

    async def _openstack(self, request: Request) -> Json:
        cloud = self._universe.cloud
        if request.method != "GET":
            wanted = await _body(request)
            if "token_ttl_s" in wanted:
                cloud.identity.token_ttl_s = float(wanted["token_ttl_s"])
            if "boots" in wanted:
                cloud.compute.boots = {str(k): str(v) for k, v in wanted["boots"].items()}
            if "credentials_end" in wanted:
                cloud.identity.set_end(wanted["credentials_end"])
            if "newest_microversion" in wanted:
                major, minor = str(wanted["newest_microversion"]).split(".")
                cloud.compute.newest = (int(major), int(minor))
            if "hypervisors" in wanted:
                cloud.compute.hypervisors = {str(k): int(v) for k, v in wanted["hypervisors"].items()}
            if "down" in wanted:
                cloud.compute.down = _known(wanted["down"], cloud.compute.hypervisors)
            cloud.changed()
        return {
            "token_ttl_s": cloud.identity.token_ttl_s,
            "newest_microversion": ".".join(map(str, cloud.compute.newest)),
            "hypervisors": cloud.compute.hypervisors,
            "down": cloud.compute.down,
        }

    async def _expire_tokens(self, _request: Request) -> Json:
        self._universe.cloud.identity.expire_all()
        return {"tokens": 0}

    async def _inventory(self, request: Request) -> Json:
        wanted = await _body(request)
        name = request.path_params["name"]
        flavor = Flavor("host", int(wanted.get("vcpus", 4)), int(wanted.get("memory_mib", 8192)), 80)
        await self._universe.inventories.define(name, list(wanted.get("hosts", [])), flavor)
        described: Json = self._universe.inventories.credentials()[name]
        return described

    async def _machines(self, _request: Request) -> Json:
        machines = self._world.machines.values()
        return {"machines": [witness.machine_summary(self._world, machine) for machine in machines]}

    async def _act(self, request: Request) -> Json:
        machine = self._world.machine_named(request.path_params["name"])
        if machine is None:
            raise HTTPException(404, f"no machine {request.path_params['name']}")
        action = _ACTIONS.get(request.path_params["action"])
        if action is None:
            raise HTTPException(404, f"a machine can be: {', '.join(_ACTIONS)}")
        await action(self._universe, machine)
        return witness.machine_summary(self._world, machine)

    async def _traits(self, request: Request) -> Json:
        machine = self._world.machine_named(request.path_params["name"])
        if machine is None:
            raise HTTPException(404, f"no machine {request.path_params['name']}")
        wanted = await _body(request)
        unknown = sorted(wanted.keys() - TRAITS)
        if unknown:
            raise ValueError(f"no trait {unknown[0]!r}; there are {', '.join(sorted(TRAITS))}")
        machine.traits = wanted
        if "missing_modules" in wanted:
            await _reboot(self._universe, machine)  # another kernel: what the old one had loaded is gone
        self._world.changed("world")
        return {"traits": machine.traits}

    async def _init_cluster_api(self, request: Request) -> Json:
        """What ``clusterctl init`` leaves in a cluster, as far as its kinds go."""
        name = request.path_params["name"]
        site = next((s for s in self._world.sites.values() if name in self._world.names_of_site(s.uid)), None)
        if site is None:
            raise HTTPException(404, f"no cluster {name}")
        made = [ensure(site.cluster.api, CRDS, each) for each in crds()]
        return {"kinds": [each["spec"]["names"]["kind"] for each in made if each]}

    async def _docker(self, request: Request) -> Json:
        return await serve_docker(self._universe.docker, self._world, await _body(request))

    async def _cut_watches(self, request: Request) -> Json:
        wanted = await _body(request)
        name = wanted.get("cluster")
        sites = [s for s in self._world.sites.values() if name is None or name in self._world.names_of_site(s.uid)]
        return {"cut": sum(site.cluster.cut_watches(wanted.get("resource")) for site in sites)}


async def _kill(universe: Universe, machine: Machine) -> None:
    await universe.world.power_off(machine)


async def _start(universe: Universe, machine: Machine) -> None:
    await universe.world.boot(machine)
    universe.cloud.power_changed(machine.id, on=True)


async def _stop(universe: Universe, machine: Machine) -> None:
    await universe.world.power_off(machine)
    universe.cloud.power_changed(machine.id, on=False)


async def _reboot(universe: Universe, machine: Machine) -> None:
    await universe.world.reboot(machine)


async def _destroy(universe: Universe, machine: Machine) -> None:
    """Behind everybody's back: the server is gone from the cloud as well, its user-made ports stay."""
    await universe.world.remove(machine)
    await universe.cloud.lose_server(machine.id)


# A killed machine is one whose hypervisor does not notice: the cloud goes on calling it ACTIVE.
_ACTIONS: dict[str, Callable[[Universe, Machine], Awaitable[None]]] = {
    "kill": _kill,
    "start": _start,
    "stop": _stop,
    "reboot": _reboot,
    "destroy": _destroy,
}


async def _body(request: Request) -> Json:
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise TypeError("the body has to be a JSON object")
    return body


def _pair(wanted: Json) -> tuple[str, str]:
    names = wanted.get("between")
    if not isinstance(names, list) or len(names) != 2:
        raise ValueError("between has to list two names; flotilla is everything outside the world")
    return str(names[0]), str(names[1])


def _known(names: Any, there: Collection[str]) -> list[str]:
    if strangers := [name for name in names if name not in there]:
        raise ValueError(f"no hypervisor {strangers[0]!r}; there are {', '.join(there)}")
    return list(names)


def _json(handler: Callable[[Request], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code)
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer
