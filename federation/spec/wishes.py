"""Two hands on one federation: its own spec, and applications that their owners asked for through the door."""

from __future__ import annotations

from collections.abc import Iterable

from federation.errors import SpecInvalid
from federation.spec.application import Application
from federation.spec.federation import Federation


def joined(federation: Federation, wished: Iterable[Application]) -> Federation:
    """A federation's own spec with the applications of owners in it: neither hand takes away what the other put there.

    An application that the spec repeats word for word is there once.

    Raises:
        SpecInvalid: The spec has another application under the name of one that an owner asked for.
    """
    more = []
    for application in wished:
        given = federation.application(application.name)
        if given is None:
            more.append(application)
        elif given != application:
            raise SpecInvalid(
                f"application '{application.name}' of {federation.name} was deployed through the door by its owner "
                f"'{application.owner}': leave it out of the spec, or delete it there first"
            )
    return with_applications(federation, (*federation.spec.applications, *more)) if more else federation


def with_application(federation: Federation, application: Application) -> Federation:
    """A federation with this application, in the place of one of the same name."""
    if federation.application(application.name) is None:
        return with_applications(federation, (*federation.spec.applications, application))
    there = federation.spec.applications
    return with_applications(federation, (application if each.name == application.name else each for each in there))


def without_application(federation: Federation, name: str) -> Federation:
    """A federation without the application of that name."""
    return with_applications(federation, (each for each in federation.spec.applications if each.name != name))


def with_applications(federation: Federation, applications: Iterable[Application]) -> Federation:
    """A federation with these applications and no others."""
    spec = federation.spec.model_copy(update={"applications": tuple(applications)})
    return federation.model_copy(update={"spec": spec})
