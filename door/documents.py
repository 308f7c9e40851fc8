"""What comes in through the door and what goes out, as models: they are the OpenAPI description, too."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from federation.importing.lowlevel.options import LowLevelOptions
from federation.importing.tosca.options import ToscaOptions
from federation.spec.application import Application, Component, Placement
from federation.spec.document import MAX_CHARACTERS
from federation.spec.federation import Federation
from federation.spec.model import Name
from federation.state.conditions import Truth

Text = Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
Json = dict[str, Any]


def _left_out() -> Any:
    """None, which nobody can send: of several forms exactly one is given, and it is not null."""
    return None


class DoorModel(BaseModel):
    """Parent of every model of the door: camelCase, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class DraftComponent(Component):
    """A component that may be without a placement: an outside scheduler then decides where it runs."""

    placement: Placement | None = Field(  # type: ignore[assignment]  # wider than what is part of a federation
        default=None, description="Where the component runs; left out, it keeps its place, or waits for one"
    )


class DraftApplication(Application):
    """An application as its owner asks for it."""

    components: tuple[DraftComponent, ...] = Field(description="The parts of the application", min_length=1)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of the components that have no placement yet."""
        return tuple(each.name for each in self.components if each.placement is None)


FORMS = ("application", "yaml", "tosca")
"""The fields of which a request gives exactly one."""


class Content(DoorModel):
    """An application: as JSON, as a text in YAML, or as a TOSCA blueprint."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [each]} for each in FORMS]})

    application: DraftApplication = Field(default_factory=_left_out, description="The application as JSON")
    yaml: Text = Field(
        default_factory=_left_out, description="The application as YAML; problems are told with their lines"
    )

    tosca: Text = Field(
        default_factory=_left_out, description="A blueprint; what it places nowhere waits for a placement"
    )
    tosca_options: ToscaOptions = Field(default=ToscaOptions(), description="What the blueprint leaves open")

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: Any) -> Any:
        return _one_of(data, FORMS)

    @property
    def form(self) -> str:
        """The form that was given."""
        return next(each for each in FORMS if getattr(self, each) is not None)


class DeployRequest(Content):
    """An application for a federation."""

    federation: Name = Field(description="The federation that runs it")


FEDERATION_FORMS = ("federation", "yaml", "lowlevel")


class FederationRequest(DoorModel):
    """A whole federation: as JSON, as a text in YAML, or as CHARITY's LowLevelOrchestration."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [each]} for each in FEDERATION_FORMS]})

    federation: Federation = Field(default_factory=_left_out, description="The federation as JSON")
    yaml: Text = Field(
        default_factory=_left_out, description="The federation's YAML; problems are told with their lines"
    )

    lowlevel: Text = Field(default_factory=_left_out, description="A LowLevelOrchestration as YAML")
    lowlevel_options: LowLevelOptions = Field(default=LowLevelOptions(), description="What that leaves open")

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: Any) -> Any:
        return _one_of(data, FEDERATION_FORMS)

    @property
    def form(self) -> str:
        """The form that was given."""
        return next(each for each in FEDERATION_FORMS if getattr(self, each) is not None)


def _one_of(data: Any, forms: tuple[str, ...]) -> Any:
    if isinstance(data, dict):
        given = [name for name in forms if name in data]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(forms)}")
    return data


class Decision(DoorModel):
    """Where one component is to run."""

    application: Name = Field(description="An application of the federation")
    component: Name = Field(description="One of its components")
    cluster: Name = Field(description="The cluster that is to run it")


class PlacementRequest(DoorModel):
    """Decisions of a scheduler, carried out all together or not at all."""

    federation: Name = Field(description="The federation")
    placements: tuple[Decision, ...] = Field(min_length=1, max_length=1000, description="The decisions")


class Remark(DoorModel):
    """What the author of a converted document should know."""

    line: int = Field(description="Line in the document, from 1")
    field: str = Field(description="Dotted path in the document")
    message: str = Field(description="What is not carried over as one may expect")
    fix: str = Field(default="", description="What to do about it; may be empty")


class RunNote(DoorModel):
    """The flow run that makes it so."""

    deployment: str = Field(description="The deployment in Prefect")
    state: Literal["started", "ordered"] = Field(
        description="started: Prefect has the run; ordered: it does not have it yet, and gets it as soon as it can"
    )
    run: str | None = Field(default=None, description="Id of the flow run in Prefect")
    message: str = Field(default="", description="Why it is only ordered, and what happens next")


class Accepted(DoorModel):
    """What was asked for is now what should exist."""

    federation: str = Field(description="The federation")
    generation: int = Field(description="Number of the version of the federation that holds now")
    changed: bool = Field(description="false: it was what should exist already")
    applications: list[str] = Field(description="The applications that were asked for, placed or taken back")
    waiting: list[str] = Field(default_factory=list, description="Components without a placement, as application/name")
    remarks: list[Remark] = Field(default_factory=list, description="Of the conversion, for a converted document")
    run: RunNote | None = Field(
        default=None, description="The run that makes it so; none while it waits for placements"
    )


class ConditionView(DoorModel):
    """One statement about an object, as the last look found it."""

    status: Truth = Field(description="True, False, or Unknown: nobody could look")
    reason: str = Field(description="One word, listed in docs/conditions.md")
    message: str = Field(default="", description="Where to look next")
    since: float | None = Field(default=None, description="Since when, UTC in Unix seconds")


class ComponentView(DoorModel):
    """A component: what is asked for and what is seen."""

    name: str = Field(description="Its name")
    replicas: int | None = Field(default=None, description="Number of pods; none when that is left to the cluster")
    resources: Json | None = Field(default=None, description="What one replica needs")
    placement: Json | None = Field(default=None, description="Where it is to run; none while it waits for a placement")
    available: ConditionView = Field(description="Whether it runs as it is asked for")


class ApplicationView(DoorModel):
    """An application: what is asked for and what is seen."""

    federation: str = Field(description="The federation that runs it")
    name: str = Field(description="Its name")
    owner: str | None = Field(default=None, description="Whose it is")
    digest: str = Field(description="Of what is asked for; for If-Match")
    leaving: bool = Field(default=False, description="It was taken back and is not gone yet")
    waiting: list[str] = Field(description="Components without a placement")
    available: ConditionView = Field(description="Whether all of it runs as it is asked for")
    components: list[ComponentView] = Field(description="Its parts")


class Applications(DoorModel):
    """Applications that a token may see."""

    applications: list[ApplicationView]


class ApplicationDetail(ApplicationView):
    """An application in full."""

    application: Json = Field(description="What is asked for; what a PUT takes")


class ComponentOf(ComponentView):
    """A component for a scheduler, with what it belongs to."""

    federation: str = Field(description="The federation")
    application: str = Field(description="The application")
    owner: str | None = Field(default=None, description="Whose it is")
    connections: list[Json] = Field(description="Bounds on the network between the application's components")


class Components(DoorModel):
    """Components for a scheduler."""

    components: list[ComponentOf]


class Pool(DoorModel):
    """Machines of one kind."""

    name: str = Field(description="Name of the pool")
    count: int = Field(description="Number of machines that are asked for")
    flavor: str | None = Field(default=None, description="Their flavor, where they come from a cloud")
    labels: dict[str, str] = Field(description="Labels of the nodes")


class ClusterView(DoorModel):
    """A cluster for a scheduler: what is asked for, and what is seen."""

    name: str = Field(description="Its name")
    labels: dict[str, str] = Field(description="Its labels")
    available: ConditionView = Field(description="Whether it can be used")
    pools: list[Pool] = Field(description="Its worker machines; none of a cluster that others made")
    consumes: list[str] = Field(description="The clusters that it can offload components to")
    facts: dict[str, str] = Field(description="What else was seen of it")


class FederationView(DoorModel):
    """A federation in a few words."""

    name: str = Field(description="Its name")
    generation: int = Field(description="Number of the version that is asked for")
    digest: str = Field(description="Of what is asked for; for If-Match")
    seen: int | None = Field(default=None, description="The version that the last look compared with")
    available: ConditionView = Field(description="Whether all of it is as it is asked for")
    clusters: list[ClusterView] = Field(description="Its clusters")


class Federations(DoorModel):
    """Every federation."""

    federations: list[FederationView]


class FederationDetail(FederationView):
    """A federation in full."""

    federation: Json = Field(description="What is asked for, applications of all owners among it")
    orders: list[str] = Field(description="Runs that Prefect has not taken yet")


class Health(DoorModel):
    """The door answers, and so does its registry."""

    status: Literal["ok"] = "ok"
