"""Lineage as graphs in the language of Graphviz, in colours for light and dark."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from odibi_studio.services.lineage.model import ColumnName, DatasetName, LineageMap, Trace

_LIGHT = {
    "text": "#31333f",
    "line": "#9a9da8",
    "place": "#eef3fe",
    "pipeline": "#f3f1ea",
    "accent": "#2f6fed",
}
_DARK = {"text": "#e6e6e3", "line": "#6f7178", "place": "#1d2a45", "pipeline": "#2a2924", "accent": "#5b8ff9"}


def place_graph(found: LineageMap, chosen: DatasetName | None, *, is_dark: bool) -> str:
    """Places and the pipelines between them; what is connected with the chosen place stands out."""
    colors = _DARK if is_dark else _LIGHT
    edges = place_edges(found)
    near = connected(edges, str(chosen)) if chosen else set()
    lines = [_head(colors)]
    pipelines = {flow.pipeline for flow in found.flows}
    for name in sorted({it for edge in edges for it in edge}):
        is_pipeline = name.startswith("▷ ")
        fill = colors["pipeline" if is_pipeline else "place"]
        shape = 'shape=box style="rounded,filled"' if is_pipeline else 'shape=box style="filled"'
        line = colors["accent"] if name in near else colors["line"]
        width = 2 if chosen and name == str(chosen) else 1
        lines.append(f'{_quoted(name)} [{shape} fillcolor="{fill}" color="{line}" penwidth={width}];')
    for source, target in edges:
        is_near = source in near and target in near
        color = colors["accent"] if is_near else colors["line"]
        lines.append(f'{_quoted(source)} -> {_quoted(target)} [color="{color}"];')
    return "\n".join([*lines, "}"]) if pipelines else ""


def column_graph(trace: Trace, *, is_dark: bool) -> str:
    """Columns, grouped by their datasets, and the steps between them."""
    colors = _DARK if is_dark else _LIGHT
    lines = [_head(colors)]
    groups: dict[DatasetName, list[ColumnName]] = {}
    for column in trace.columns:
        groups.setdefault(column.dataset, []).append(column)
    for number, (dataset, columns) in enumerate(groups.items()):
        fill = colors["place" if dataset.is_place else "pipeline"]
        lines.append(f"subgraph cluster_{number} {{")
        lines.append(
            f'label={_quoted(str(dataset))} style="rounded,filled" fillcolor="{fill}" '
            f'color="{colors["line"]}" fontcolor="{colors["text"]}" fontname="sans-serif" fontsize=11'
        )
        for column in columns:
            is_start = column == trace.start
            mark = " ?" if column in trace.unknown else ""
            color = colors["accent"] if is_start else colors["line"]
            lines.append(
                f"{_quoted(_id(column))} [label={_quoted(column.column + mark)} shape=box "
                f'style="rounded" color="{color}" penwidth={2 if is_start else 1}];'
            )
        lines.append("}")
    for source, target, step in dict.fromkeys(trace.edges):
        lines.append(
            f"{_quoted(_id(source))} -> {_quoted(_id(target))} [label={_quoted(step)} fontsize=9 "
            f'fontcolor="{colors["line"]}" color="{colors["line"]}"];'
        )
    return "\n".join([*lines, "}"])


def place_edges(found: LineageMap) -> list[tuple[str, str]]:
    """From a place to each pipeline that reads it, and from a pipeline to each place that it writes."""
    edges: dict[tuple[str, str], None] = {}
    for flow in found.flows:
        pipeline = f"▷ {flow.pipeline}"
        if flow.source.is_place:
            edges[str(flow.source), pipeline] = None
        if flow.target.is_place:
            edges[pipeline, str(flow.target)] = None
    return list(edges)


def connected(edges: Collection[tuple[str, str]], start: str) -> set[str]:
    """What leads to `start`, and what it leads to, with itself."""
    return _reached(edges, start) | _reached([(target, source) for source, target in edges], start)


def _reached(edges: Iterable[tuple[str, str]], start: str) -> set[str]:
    following: dict[str, list[str]] = {}
    for source, target in edges:
        following.setdefault(source, []).append(target)
    seen, todo = {start}, [start]
    while todo:
        for name in following.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


def _head(colors: dict[str, str]) -> str:
    return (
        'digraph { rankdir=LR bgcolor="transparent" nodesep=0.25 ranksep=0.7 '
        f'node [fontname="sans-serif" fontsize=11 fontcolor="{colors["text"]}" margin="0.14,0.07" '
        "height=0.4] "
        'edge [arrowsize=0.7 fontname="sans-serif"]'
    )


def _id(column: ColumnName) -> str:
    return f"{column.dataset}\n{column.column}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
