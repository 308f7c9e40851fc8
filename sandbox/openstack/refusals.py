"""Refusals, each worded and wrapped as the service that gives it does."""

from __future__ import annotations

from html import escape
from typing import Any, Literal

Service = Literal["identity", "compute", "network", "image", "load-balancer"]


class Refusal(Exception):
    """A request that a service turns down.

    Args:
        status: HTTP status.
        message: What the service says, word by word.
        kind: Neutron's exception name; the other services derive theirs from the status.
    """

    def __init__(self, status: int, message: str, kind: str = "HTTPBadRequest") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind


TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
NOVA_KEYS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    406: "computeFault",
    409: "conflictingRequest",
    413: "overLimit",
    429: "overLimit",
    500: "computeFault",
    501: "notImplemented",
    503: "serviceUnavailable",
}
UNROUTED = "HTTPNotFound"
NOT_VERIFIED = (
    "This server could not verify that you are authorized to access the document you requested. Either you supplied "
    "the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials "
    "required."
)
NEEDS_TOKEN = "The request you have made requires authentication."  # noqa: S105 - a message


def body_for(service: Service, refusal: Refusal) -> tuple[Any, str]:
    """The body of a refusal and its content type; a dictionary is meant to be JSON."""
    status, message = refusal.status, refusal.message
    title = TITLES.get(status, "Error")
    if service == "identity" or (status == 401 and service != "image"):
        return {"error": {"code": status, "message": message, "title": title}}, "application/json"
    if service == "compute" and refusal.kind != UNROUTED:
        return {NOVA_KEYS.get(status, "computeFault"): {"code": status, "message": message}}, "application/json"
    if service == "network":
        error = {"type": refusal.kind, "message": message, "detail": ""}
        return {"NeutronError": error}, "application/json"
    if service == "load-balancer":
        return {"faultcode": "Client", "faultstring": message, "debuginfo": None}, "application/json"
    heading, shown = f"{status} {title}", NOT_VERIFIED if status == 401 else message
    page = (
        f"<html>\n <head>\n  <title>{heading}</title>\n </head>\n <body>\n  <h1>{heading}</h1>\n"
        f"  {escape(shown, quote=False)}<br /><br />\n\n\n\n </body>\n</html>"
    )
    return page, "text/html; charset=UTF-8"
