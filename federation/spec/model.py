"""What all spec models share: camelCase in YAML, unknown fields refused, values frozen."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class SpecModel(BaseModel):
    """Base of every model of the spec."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    @property
    def altered(self) -> frozenset[str]:
        """Fields that are not at their default; the same after a spec was stored, when every field is written out."""
        fields = type(self).model_fields.items()
        return frozenset(
            name for name, field in fields if getattr(self, name) != field.get_default(call_default_factory=True)
        )


_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(s|m|h|d)")
_LONGEST_S = 10 * 365 * 86400.0
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration_s(text: str) -> float:
    """Seconds of a duration such as ``90s``, ``15m``, ``24h`` or ``7d``.

    Raises:
        ValueError: The text is not a duration, or one of more than ten years.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is a number and a unit, such as 90s, 15m, 24h or 7d")
    seconds = float(match.group(1)) * _SECONDS[match.group(2)]
    if seconds > _LONGEST_S:
        raise ValueError("a duration of more than ten years; leave the field out")
    return seconds


def _checked_duration(text: str) -> str:
    duration_s(text)
    return text


def _checked_cidr(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or re.fullmatch(r"\d+(\.\d+){3}/\d+", value, re.ASCII) is None:
        raise ValueError("a network is an address and a prefix length, such as 10.10.0.0/16")
    near = _network(value)
    if str(near) != value:
        raise ValueError(f"'{value}' has bits set behind its prefix; the network is {near}")
    return near


def _network(text: str) -> IPv4Network:
    try:
        return IPv4Network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"'{text}' is no IPv4 network") from error


Cidr = Annotated[IPv4Network, BeforeValidator(_checked_cidr), Field(examples=["10.10.0.0/16"])]

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=30),
    Field(description="Lower-case DNS label: letters, digits and '-', begins with a letter", examples=["edge-1"]),
]
LongName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=63),
    Field(description="Lower-case DNS label of at most 63 characters", examples=["edge-1"]),
]
Title = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$", max_length=255)
]
"""A name that somebody else chose: printable, without spaces at its ends."""
BlockName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=255),
    Field(examples=["lab"]),
]
"""Name of a Prefect block. Source: Prefect 3.9, prefect.types.names, BlockDocumentName."""
_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
LabelKey = Annotated[
    str,
    StringConstraints(
        pattern=rf"^({_DNS}(\.{_DNS})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$", max_length=317
    ),
    Field(examples=["topology.kubernetes.io/zone"]),
]
LabelValue = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"), Field(examples=["north"])
]
Labels = dict[LabelKey, LabelValue]
Duration = Annotated[str, AfterValidator(_checked_duration), Field(examples=["90s", "15m", "24h"])]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
Count = Annotated[int, Field(ge=0, le=1000, strict=True)]
