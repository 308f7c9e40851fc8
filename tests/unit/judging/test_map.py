"""The picture of what runs where."""

from __future__ import annotations

from xml.etree import ElementTree

from federation.state.drawing import MAPS
from federation.state.status import FederationStatus, ObjectStatus, Tally

SVG = "{http://www.w3.org/2000/svg}"


def an_object(kind: str, name: str, status: str = "True", **more: object) -> ObjectStatus:
    condition = {"type": "Available", "status": status, "reason": "Because", "message": ""}
    return ObjectStatus.model_validate({"kind": kind, "name": name, "conditions": [condition], **more})


def a_status() -> FederationStatus:
    """Two clusters, one peering that is down, an application that is half there, and one component that is not."""
    parts = (
        an_object("Component", "web", facts={"reach": "public"}, running={"a": Tally(pods=2, ready=2)}),
        an_object("Component", "db", "False", running={"a": Tally(pods=1, ready=1), "b": Tally(pods=2, ready=1)}),
        an_object("Component", "lost", "Unknown"),
    )
    shop = an_object("Application", "shop", "False", facts={"home": "a"}, parts=parts)
    clusters = (an_object("Cluster", "a"), an_object("Cluster", "b"))
    root = an_object("Federation", "fed", parts=(*clusters, an_object("Peering", "a->b", "False"), shop))
    return FederationStatus(federation="fed", generation=1, digest="d", observed_at=0.0, root=root)


def test_text_shows_pods_where_they_were_seen() -> None:
    """A component is under every cluster that has pods of it, with how many serve; one without pods is told, too."""
    assert MAPS["text"](a_status()).splitlines() == [
        "fed: what runs where",
        "a (home of shop)",
        "  shop/web 2/2 public",
        "  shop/db 1/1",
        "b",
        "  shop/db 1/2",
        "no pods seen",
        "  shop/lost",
        "a->b is not ready",
    ]


def test_mermaid_has_a_subgraph_for_each_cluster() -> None:
    """Components lie in their clusters, and a peering that does not work is a broken line."""
    lines = MAPS["mermaid"](a_status()).splitlines()
    assert lines[0] == "flowchart LR"
    assert '    c1p0["shop/db 1/2"]:::bad' in lines[lines.index('  subgraph c1["b"]') :]
    assert "  c0 -.-> c1" in lines


def test_svg_is_drawn_in_colours_of_what_was_seen() -> None:
    """Green is well, amber serves in part, grey is unknown; the line has an arrow at the provider."""
    root = ElementTree.fromstring(MAPS["svg"](a_status()))  # noqa: S314 - our own drawing
    words = [each.text for each in root.iter(f"{SVG}text")]
    assert words.count("db") == 2
    assert {"2/2 public", "1/2", "no pods", "home of shop", "no pods seen"} <= set(words)
    fills = [each.get("fill") for each in root.iter(f"{SVG}rect") if each.get("rx") == "4"]
    assert fills == ["#1f8f4e", "#b8741a", "#b8741a", "#7a838c"]
    (line,) = (each for each in root.iter(f"{SVG}path") if each.get("fill") == "none")
    assert (line.get("stroke"), line.get("marker-end")) == ("#b3363f", "url(#False)")


def test_the_same_status_is_the_same_picture() -> None:
    """Nothing of a clock or of chance is in it, so that a picture in the documentation can be compared."""
    later = a_status().model_copy(update={"observed_at": 9.0, "generation": 7})
    assert [draw(later) for draw in MAPS.values()] == [draw(a_status()) for draw in MAPS.values()]
