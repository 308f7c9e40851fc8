"""Bad input at the other doors: the YAML of a run's form, files of blocks; and who is trusted on the wires."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from federation.errors import SpecInvalid
from federation.spec.federation import Federation
from flotilla.commands.blocks import blocks_app, create
from flotilla.exits import Exit
from flows.apply import _spec
from tests.reliability.hostile.grammar import specimen
from tests.reliability.leaking.doors import rows


def test_form_of_a_run_answers_hostile_text_with_problems() -> None:
    """What is pasted into Prefect's form is a federation, or refused with places: nothing else is ever raised."""
    refusals = []
    for seed in range(150):
        text = specimen(seed).data.decode(errors="replace")
        try:
            assert isinstance(_spec(text), Federation)
        except SpecInvalid as refused:
            refusals.append(str(refused))
    assert refusals
    assert all(each.startswith("federation:") for each in refusals)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xfe", id="encoding"),
        pytest.param(b"[" * 100_000, id="depth"),
        pytest.param(b"a: &a [1]\n" + b"b: [*a, *a]\n" * 20_000, id="aliases"),
        pytest.param(b"values: {a: !!python/object/apply:os.system ['true']}", id="tag"),
        pytest.param(b"values: {password: 0012345-flotilla-mark}\nvalues: {}", id="twice"),
        pytest.param(b"values: {password: 00112233}", id="octal"),
        pytest.param(b"values: [flotilla-mark]", id="form"),
        pytest.param(b"", id="empty"),
    ],
)
def test_bad_file_of_a_block_is_refused_without_showing_what_it_holds(tmp_path: Path, content: bytes) -> None:
    """Exit code 2 and a place; values of such a file may be secrets."""
    blocks_app.command()(create)
    paper = tmp_path / "block.yaml"
    paper.write_bytes(content)
    ended = CliRunner().invoke(blocks_app, ["create", "flotilla-secret-bundle", "x", "-f", str(paper)])
    assert ended.exit_code == Exit.BAD_INPUT, ended.output
    assert isinstance(ended.exception, SystemExit)
    assert "flotilla-mark" not in ended.output
    assert "00112233" not in ended.output


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_servers_with_another_certificate_are_refused_before_anything_is_sent() -> None:
    """On both wires: no authority, another one, the right one."""
    tried = list(rows())
    assert len(tried) == 6
    assert [what for what, _, right in tried if not right] == []
