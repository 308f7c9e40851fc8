"""The five services as one ASGI application, each below its prefix."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.openstack.balancing.routes import ROUTES as BALANCING
from sandbox.openstack.cloud import Cloud
from sandbox.openstack.compute.routes import ROUTES as COMPUTE
from sandbox.openstack.identity.routes import ROUTES as IDENTITY
from sandbox.openstack.image.routes import ROUTES as IMAGE
from sandbox.openstack.network.routes import ROUTES as NETWORK
from sandbox.openstack.refusals import Service
from sandbox.openstack.wire import Dispatcher, Route

SERVICES: dict[Service, list[Route]] = {
    "identity": IDENTITY,
    "compute": COMPUTE,
    "network": NETWORK,
    "image": IMAGE,
    "load-balancer": BALANCING,
}


class OpenStackApp:
    """Answers requests to ``/identity``, ``/compute``, ``/network``, ``/image`` and ``/load-balancer``."""

    def __init__(self, cloud: Cloud) -> None:
        self._services = {name: Dispatcher(cloud, name, routes) for name, routes in SERVICES.items()}

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        name, _, path = request.url.path.lstrip("/").partition("/")
        service = self._services.get(name)  # type: ignore[call-overload]  # any name may be asked for
        if service is None:
            return PlainTextResponse("Not Found", 404)
        answer: Response = await service(request, "/" + path if path else "")
        return answer
