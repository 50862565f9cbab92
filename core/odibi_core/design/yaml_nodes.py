"""YAML as a tree of nodes that know where they stand, read under limits.

The events come from libyaml; this module refuses what a design never needs and an attacker does (aliases,
tags, depth, size), and keeps the places that errors and edits need.
"""

from __future__ import annotations

import re
from dataclasses import field

import yaml

from odibi_core.design.document import MAX_DEPTH
from odibi_core.design.source import Source
from odibi_core.errors import DesignError
from odibi_core.late_dataclass import dataclass

# A step has about 20 events: 10,000 steps need 200,000, which take about a second.
MAX_EVENTS = 500_000

_NOT_YAML = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_FIXES = (
    ("nesting depth", "flatten it: a pipeline needs few levels"),
    ("mapping values are not allowed", 'put a text that holds ": " in quotes, and check the indentation'),
    ("could not find expected ':'", "write `key: value`, with a space after the colon"),
    ("node content", "write a value here, or remove what opens it"),
    ("did not find expected key", "check the indentation, and put texts with special characters in quotes"),
    ("did not find expected '-' indicator", "indent every item of a list alike"),
    ("did not find expected ',' or", "close the bracket or brace, and put a comma between its items"),
    ("block entries are not allowed", "check the indentation of the list"),
    ("unexpected end of stream", "close the quote"),
    ("document separator", "close the quote"),
    ("escape", "in double quotes write a backslash twice, or use single quotes"),
    ("cannot start any token", "put the text in quotes; indent with spaces, not with tabs"),
)


@dataclass(slots=True)
class Node:
    """One value in the text.

    Attributes:
        start: Index of its first character.
        end: Index behind its last one, without the comments and blank lines that follow.
        line: From 1.
        column: From 1.
    """

    start: int
    end: int
    line: int
    column: int


@dataclass(slots=True)
class Scalar(Node):
    """A text, as it is meant: unquoted, unescaped.

    Attributes:
        text: The text.
        style: "" for plain, else the mark: ', ", |, >.
    """

    text: str
    style: str


@dataclass(slots=True)
class Sequence(Node):
    """A list.

    Attributes:
        is_flow: Written in brackets.
        items: Its items.
    """

    is_flow: bool
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping(Node):
    """A mapping; keys may repeat here, and may be anything: the reader of the form judges them.

    Attributes:
        is_flow: Written in braces.
        entries: Pairs of key and value.
    """

    is_flow: bool
    entries: list[tuple[Node, Node]] = field(default_factory=list)


def parse_yaml(source: Source) -> Node:
    """The root of the only document in the text.

    Raises:
        DesignError: The text is not YAML, or uses what a design may not: aliases, anchors, tags, several
            documents, more than `MAX_DEPTH` levels or `MAX_EVENTS` values.
    """
    unwanted = _NOT_YAML.search(source.text)
    if unwanted:
        raise DesignError(
            f"the character U+{ord(unwanted[0]):04X} may not stand in a YAML file",
            where=source.place_at(unwanted.start()),
            fix=f'write it as an escape in double quotes: "\\u{ord(unwanted[0]):04x}"'
            if not 0xD800 <= ord(unwanted[0]) <= 0xDFFF
            else "remove it",
        )
    try:
        return _compose(source)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, source) from error
    except yaml.YAMLError as error:
        raise DesignError(f"the text is not YAML: {error}", where=source.file) from error


class _Tree:
    """Nodes that grow from events."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Node | None] = []

    @property
    def depth(self) -> int:
        """How many lists and mappings are open."""
        return len(self._open)

    def add(self, node: Node) -> None:
        """Put a node where it belongs; a list or mapping takes what follows until it is closed."""
        if not self._open:
            self.root = node
        elif isinstance(parent := self._open[-1], Sequence):
            parent.items.append(node)
        elif isinstance(parent, Mapping):
            key = self._keys[-1]
            if key is None:
                self._keys[-1] = node
            else:
                parent.entries.append((key, node))
                self._keys[-1] = None
        if isinstance(node, Sequence | Mapping):
            self._open.append(node)
            self._keys.append(None)

    def close(self, end: int) -> None:
        """Close the innermost list or mapping; `end` counts where a bracket ends it."""
        self._keys.pop()
        closed = self._open.pop()
        closed.end = end if closed.is_flow else _last_end(closed)


def _compose(source: Source) -> Node:
    tree = _Tree()
    documents = 0
    for count, event in enumerate(yaml.parse(source.text, Loader=yaml.CSafeLoader)):
        if count > MAX_EVENTS:
            what = f"a design holds at most {MAX_EVENTS:,} values"
            raise _refusal(source, event, what, "split the pipeline")
        match event:
            case yaml.ScalarEvent() | yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                _refuse_properties(source, event)
                tree.add(_node(source, event))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                tree.close(_span(event)[1])
            case yaml.AliasEvent():
                fix = "write the value out in full: designs have no aliases"
                raise _refusal(source, event, f"the alias *{event.anchor} is not allowed", fix)
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    fix = "give each pipeline a file of its own"
                    raise _refusal(source, event, "the file holds more than one document", fix)
        if tree.depth > MAX_DEPTH:
            fix = "flatten it: a pipeline needs few levels"
            raise _refusal(source, event, f"values are nested more than {MAX_DEPTH} deep", fix)
    if tree.root is None:
        raise DesignError("the file is empty", where=source.file, fix="begin with `name:` and `steps:`")
    return tree.root


_Start = yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent


def _span(event: yaml.Event) -> tuple[int, int, int, int]:
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    return start.index, end.index, start.line + 1, start.column + 1


def _node(source: Source, event: _Start) -> Node:
    if isinstance(event, yaml.MappingStartEvent):
        return Mapping(*_span(event), bool(event.flow_style))
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(*_span(event), bool(event.flow_style))
    node = Scalar(*_span(event), event.value, "" if event.implicit[0] else event.style or "")
    if node.style in ("|", ">"):
        node.end = _block_end(source.text[node.start : node.end], event.value) + node.start
    return node


def _block_end(span: str, value: str) -> int:
    """Where a block scalar ends for an editor: without the blank lines that are no part of its text."""
    header = span.partition("\n")[0].partition("#")[0]
    if "+" in header or value.rstrip("\n")[-1:] in (" ", "\t", ""):
        return len(span.removesuffix("\n").removesuffix("\r"))
    return len(span.rstrip(" \t\r\n"))


def _last_end(node: Sequence | Mapping) -> int:
    if isinstance(node, Sequence):
        return node.items[-1].end if node.items else node.end
    return node.entries[-1][1].end if node.entries else node.end


def _refuse_properties(source: Source, event: _Start) -> None:
    if event.anchor is not None:
        raise _refusal(
            source, event, f"the anchor &{event.anchor} is not allowed", "remove it: designs have no aliases"
        )
    if event.tag is not None:
        raise _refusal(source, event, f"the tag {event.tag!r} is not allowed", "remove it, or quote the text")


def _refusal(source: Source, event: yaml.Event, what: str, fix: str) -> DesignError:
    _, _, line, column = _span(event)
    return DesignError(what, where=source.place(line, column), fix=fix)


def _syntax_error(error: yaml.MarkedYAMLError, source: Source) -> DesignError:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or "it can't be understood")
    return DesignError(
        f"the text is not YAML: {problem}" + (f" ({error.context})" if error.context else ""),
        where=source.place(mark.line + 1, mark.column + 1) if mark else source.file,
        fix=next((fix for sign, fix in _FIXES if sign in problem), ""),
    )
