"""Whatever is done to a design file, reading it gives a pipeline or an error that a person understands."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.design.python_form import dump_python, load_python, read_python
from odibi_core.design.templates import templates
from odibi_core.design.yaml_form import dump_yaml, load_yaml, rewrite_yaml
from odibi_core.errors import OdibiError

PIECES = (
    *"{}[]:,#&*!|>'\"%@`-?\n\t \\()=+.0xab~\r\0",
    *(
        "\n  ",
        "- ",
        ": ",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "? ",
        "---\n",
        "|2\n",
        ">-\n",
        "1e999",
        ".nan",
        "\ud800",
    ),
    *(
        '"""',
        "f'",
        "lambda: ",
        "**",
        "Step(",
        "None",
        "-",
        "é",
        "\u2028",
        "\x85",
        "\ufeff",
        "[" * 60,
        "(" * 250,
    ),
)


def mutated(text: str, chance: random.Random) -> str:
    """The text with a few pieces put in, taken out, doubled or swapped."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 2, 10, 80)))
        piece = chance.choice((*PIECES, text[start:end] * 2, "", text[end : end + 20]))
        text = text[:start] + piece + text[end:]
    return text


def rewritten(text: str) -> None:
    pipeline = load_yaml(text)
    pipeline.name += "x"
    del pipeline.steps[:1]
    for step in pipeline.steps[:1]:
        step.params["new"] = [1, "a\nb"]
        step.value = "SELECT 1"
    assert load_yaml(rewrite_yaml(text, pipeline)) == pipeline


@pytest.mark.parametrize(
    ("dump", "load"),
    [
        (dump_yaml, load_yaml),
        (dump_yaml, rewritten),
        (lambda pipeline: pipeline, rewritten),
        (dump_python, load_python),
        (dump_python, read_python),
    ],
    ids=["yaml", "dumped, rewritten", "commented, rewritten", "python", "python, in part"],
)
def test_a_damaged_text_never_raises_anything_but_our_errors(
    dump: Callable[..., object], load: Callable[[str], object]
) -> None:
    chance = random.Random(20260131)
    texts = [
        template.text if load is rewritten and dump is not dump_yaml else str(dump(template.pipeline))
        for template in templates()
    ]
    outcomes = {"read": 0, "refused": 0}
    for number in range(600):
        try:
            load(mutated(texts[number % len(texts)], chance))
            outcomes["read"] += 1
        except OdibiError:
            outcomes["refused"] += 1
    assert all(count > 20 for count in outcomes.values())


@pytest.mark.parametrize("load", [load_yaml, load_python])
def test_bytes_of_any_kind_are_read_or_refused(tmp_path: Path, load: Callable[[Path], object]) -> None:
    chance = random.Random(7)
    file = tmp_path / "design"
    for size in (0, 1, 3, 50, 4000):
        file.write_bytes(chance.randbytes(size))
        with pytest.raises(OdibiError):
            load(file)
