"""The groups of cases that are measured together, and the tables that they make."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, median, run_python
from benchmarks.report import Table

START_UPS = {
    "python": ["-c", "pass"],
    "import odibi_core": ["-c", "import odibi_core"],
    "odibi --help": [
        "-c",
        "import sys; sys.argv = ['odibi', '--help']; from odibi_core.cli import main; main()",
    ],
}
TRACKINGS = ("fused", "exact")
LONG = 3_000
CANVAS_STEPS = (50, 200, 500, 1_000)
CANVAS_FIGURES = {
    "rendered": "rendered",
    "load_ms": "load",
    "drag_ms": "drag, a move",
    "pan_ms": "pan, a move",
    "drop_ms": "drop",
    "statuses_ms": "all statuses",
    "drag_frame_ms": "drag frame",
    "drag_frame_p95_ms": "95 %",
    "pan_frame_ms": "pan frame",
    "pan_frame_p95_ms": "95 %",
}
WAITS_FIGURES = {
    "drop_checked_ms": "drop to schema",
    "drop_kept_ms": "drop to kept by Python",
    "drop_kept_worst_ms": "worst",
    "schema_ms": "keystroke to schema",
    "schema_worst_ms": "worst",
    "rows_ms": "selection to rows",
    "rows_worst_ms": "worst",
}
LIVE_BROWSERS = (1, 30)
LIVE_PARTS = ("Timeline", "Steps", "Log")
LIVE_FIGURES = {
    "tick_cpu_ms": "CPU ms a refresh",
    "ticks_a_second": "refreshes a second, each",
    "gap_median_s": "median s between",
    "gap_p95_s": "95 %",
}
LEAVINGS = ("out", ".odibi", "cache", "checkpoints")
WARMING_ROWS = 1_000
SPARK_TIMES = (1, 3, 10, 30, 100)
SPILLING_ROWS = 20_000_000


class Bench:
    """Runs cases, each several times in processes of its own.

    Args:
        scratch: Holds the folders that cases run in.
        runs: How often each case runs.
        steps: Sizes of the overhead pipelines.
        rows: Sizes of the data of the whole pipelines.
        data: Where those data are kept, a folder a size.
    """

    def __init__(
        self, scratch: Path, runs: int, steps: tuple[int, ...], rows: tuple[int, ...], data: Path
    ) -> None:
        self.scratch, self.runs, self.steps, self.rows, self.data = scratch, runs, steps, rows, data
        self.measured: dict[str, list[dict[str, Any]]] = {}
        self._warm: set[str] = set()

    def cost(
        self, label: str, arguments: Sequence[str], *, runs: int = 0, folder: Path | None = None
    ) -> Cost:
        """The medians of one case.

        Args:
            label: Names it in the results.
            arguments: What follows `python`.
            runs: How often, if not as often as the others.
            folder: The folder of the data that it runs in; else in a new one each time.
        """
        costs = [self._once(arguments, folder) for _ in range(runs or self.runs)]
        self.measured[label] = [cost.as_dict() for cost in costs]
        return median(costs)

    def case(
        self, group: str, name: str, runs: int = 0, folder: Path | None = None, **arguments: str | int
    ) -> Cost:
        """The medians of a case of a group, after a run that compiles its modules and is not counted."""
        command = ["-m", "benchmarks.case", group, name]
        label = " ".join([name, *(f"{key}={value}" for key, value in arguments.items())])
        print(f"  {label}", file=sys.stderr, flush=True)
        if name not in self._warm:
            self._warm.add(name)
            small = {**arguments, **({"steps": 3} if "steps" in arguments else {})}
            self._once([*command, json.dumps(small)], self.sized(WARMING_ROWS) if folder else None)
        return self.cost(label, [*command, json.dumps(arguments)], runs=runs, folder=folder)

    def sized(self, rows: int, *tables: str) -> Path:
        """The folder of the data of that many rows; made where it is not there yet."""
        folder, made = self.data / str(rows), tables or ("sales", "customers")
        if not all((folder / f"{name}.{kind}").exists() for name in made for kind in ("csv", "parquet")):
            folder.mkdir(parents=True, exist_ok=True)
            run_python(
                [
                    "-m",
                    "benchmarks.case",
                    "pipelines",
                    "make data",
                    json.dumps({"rows": rows, "tables": made}),
                ],
                folder,
                compiled=self.scratch / "compiled",
            )
        return folder

    def _once(self, arguments: Sequence[str], folder: Path | None) -> Cost:
        place = folder or self.scratch / "run"
        place.mkdir(exist_ok=True)
        try:
            return run_python(arguments, place, compiled=self.scratch / "compiled")
        finally:
            for leavings in [place / name for name in LEAVINGS] if folder else [place]:
                shutil.rmtree(leavings, ignore_errors=True)


def overhead(bench: Bench) -> list[Table]:
    """What a step costs beside its own work."""
    rows: list[list[str | float | None]] = []
    for kind, peer in {"sql": "bare DuckDB", "python": "bare loop"}.items():
        for shape in ("chain", "fan-out"):
            for tracking in ("exact", "fused") if (kind, shape) == ("sql", "chain") else ("exact",):
                rows += _overhead_rows(bench, kind, shape, tracking, peer)
    note = (
        "Trivial steps over ten rows, with tracker, events and journal; CPU is user and system time from "
        "before the pipeline is validated to after its reports, with the libraries that it loads for that. "
        "The slope is what a further step adds, from the smallest size to this one. The peer is the same "
        "statements or functions with nothing around them. Only exact chains go beyond the second size. "
        f"Medians of {bench.runs}; {LONG:,} steps and more run once."
    )
    columns = [
        "case",
        "steps",
        "CPU ms a step",
        "slope ms",
        "wall ms a step",
        "peak MB",
        "peer CPU ms a step",
    ]
    return [Table("Overhead of a step", note, [*columns, "ratio of CPU"], rows)]


def _overhead_rows(
    bench: Bench, kind: str, shape: str, tracking: str, peer: str
) -> list[list[str | float | None]]:
    rows: list[list[str | float | None]] = []
    first: tuple[int, float] | None = None
    longest = (shape, tracking) == ("chain", "exact")
    for steps in bench.steps if longest else bench.steps[:2]:
        # What is long enough repeats well.
        runs = 1 if steps >= LONG else 0
        ours = bench.case("overhead", f"{kind} steps", runs, steps=steps, shape=shape, tracking=tracking)
        bare = bench.case("overhead", peer, runs, steps=steps, shape=shape)
        cpu_s = ours.inside["run_cpu_s"]
        a_step, peers = cpu_s / steps * 1000, bare.inside["run_cpu_s"] / steps * 1000
        slope = (cpu_s - first[1]) / (steps - first[0]) * 1000 if first else None
        first = first or (steps, cpu_s)
        wall = ours.inside["run_wall_s"] / steps * 1000
        name = f"{kind} {shape}, {tracking}"
        rows.append([name, f"{steps:,}", a_step, slope, wall, ours.peak_mb, peers, a_step / peers])
    return rows


def startup(bench: Bench) -> list[Table]:
    """How long it takes to begin."""
    rows: list[list[str | float | None]] = []
    bare = 0.0
    for name, arguments in START_UPS.items():
        bench.cost(name, arguments, runs=1)
        cost = bench.cost(name, arguments, runs=bench.runs)
        bare = bare or cost.cpu_s
        rows.append([name, cost.cpu_s, cost.cpu_s - bare, cost.wall_s, cost.peak_mb])
    note = "Whole processes, their modules compiled before. Peaks below this tool's own 20 MB can't be seen."
    return [Table("Start-up", note, ["command", "CPU s", "CPU s beside Python's", "wall s", "peak MB"], rows)]


def pipelines(bench: Bench) -> list[Table]:
    """Whole pipelines beside the same work written by hand."""
    tables = []
    for rows in bench.rows:
        folder = bench.sized(rows)
        for pipeline in ("sales", "medallion"):
            for kind in ("csv", "parquet"):
                common: dict[str, str | int] = {"pipeline": pipeline, "kind": kind}
                costs = {"DuckDB by hand": bench.case("pipelines", "DuckDB by hand", 0, folder, **common)}
                for tracking in TRACKINGS:
                    ours = bench.case("pipelines", "odibi", 0, folder, **common, tracking=tracking)
                    costs[f"odibi, {tracking}"] = ours
                for name in ("Polars by hand", "pandas by hand"):
                    costs[name] = bench.case("pipelines", name, 0, folder, **common)
                tables.append(_compared(f"{pipeline}, {rows:,} rows of {kind.upper()}", costs, bench.runs))
    return tables


def kept(bench: Bench) -> list[Table]:
    """What the cache saves, and what checkpoints cost."""
    tables = []
    for rows in bench.rows:
        folder = bench.sized(rows)
        lines: list[list[str | float | None]] = []
        for pipeline in ("sales", "medallion"):
            for kind in ("csv", "parquet"):
                costs = {
                    keeps: bench.case(
                        "pipelines", "kept", 0, folder, pipeline=pipeline, kind=kind, keeps=keeps
                    )
                    for keeps in ("nothing", "cache", "layer", "auto")
                }
                plain = costs["nothing"].inside["first_cpu_s"]
                cached = costs["cache"].inside
                lines.append(
                    [
                        f"{pipeline}, {kind.upper()}",
                        plain,
                        cached["first_cpu_s"],
                        cached["second_cpu_s"],
                        100 * cached["second_cpu_s"] / cached["first_cpu_s"],
                        *(
                            100 * (costs[mode].inside["first_cpu_s"] / plain - 1)
                            for mode in ("layer", "auto")
                        ),
                    ]
                )
        note = (
            "CPU seconds of a fused run in a process that has loaded its libraries: without cache, the first "
            "with it, the second with it, and that one's part of the first. Then what checkpoints add to a "
            f"run without any, in percent. Medians of {bench.runs}."
        )
        columns = ["what", "plain", "first", "second", "second, %", "LAYER adds, %", "AUTO adds, %"]
        tables.append(Table(f"Cache and checkpoints, {rows:,} rows", note, columns, lines))
    return tables


def memory(bench: Bench) -> list[Table]:
    """The medallion over data five times the memory limit."""
    folder = bench.sized(SPILLING_ROWS, "customers")
    size_mb = (folder / "customers.csv").stat().st_size // 1_000_000
    limit_mb = size_mb // 5
    costs = {
        name: bench.case(
            "pipelines", name, 1, folder, **arguments, pipeline="medallion", kind="csv", limit_mb=limit_mb
        )
        for name, arguments in {"DuckDB by hand": {}, "odibi": {"tracking": "fused"}}.items()
    }
    note = (
        f"{SPILLING_ROWS:,} customers, {size_mb:,} MB of CSV, with a memory limit of {limit_mb:,} MB; one "
        "run. The peak is of the whole process, with the interpreter and the libraries."
    )
    rows: list[list[str | float | None]] = [
        [name, cost.cpu_s, cost.wall_s, cost.peak_mb, cost.peak_mb * (1 << 20) / 1e6 / limit_mb]
        for name, cost in costs.items()
    ]
    columns = ["what", "CPU s", "wall s", "peak MB", "peak to limit"]
    return [Table("More data than memory", note, columns, rows)]


def typing(bench: Bench) -> list[Table]:
    """What a person who types in the designer waits for, once the Studio is warm."""
    rows: list[list[str | float | None]] = []
    for name, arguments in (
        ("check, 50 steps, nothing changed", {"change": "none"}),
        ("check, 50 steps, the last step changed", {"change": "last"}),
        ("check, 50 steps, other columns from the first step on", {"change": "first"}),
        ("check, 50 steps, a mistake in the middle", {"change": "mistake"}),
    ):
        cost = bench.case("typing", "check", 0, None, **arguments)
        rows.append([name, cost.inside["median_ms"], cost.inside["worst_ms"]])
    for kind in ("streaming", "blocking"):
        cost = bench.case("typing", "preview", 0, kind=kind)
        rows.append([f"preview, ten steps deep, {kind}", cost.inside["median_ms"], cost.inside["worst_ms"]])
    note = f"Wall time of an answer, of 20 in one process; medians of {bench.runs} processes."
    return [Table("Truth as a person types", note, ["what", "median ms", "worst ms"], rows)]


def canvas(bench: Bench) -> list[Table]:
    """The designer's canvas in a real browser."""
    rows: list[list[str | float | None]] = []
    for steps in CANVAS_STEPS:
        for zoom in ("all", "near"):
            found = bench.case("canvas", "canvas", steps=steps, zoom=zoom).inside
            rows.append([f"{steps:,}", *(found[name] for name in CANVAS_FIGURES)])
    note = (
        "CPU of the page's main thread in ms, Streamlit's own part included: a whole load, a move of a drag, "
        "a move of a pan, a drop, a change of every step's status. Frames are ms from one to the next. "
        f"Medians of {bench.runs}."
    )
    return [Table("Canvas of the designer", note, ["steps", *CANVAS_FIGURES.values()], rows)]


def waits(bench: Bench) -> list[Table]:
    """What a person at the designer waits for."""
    rows: list[list[str | float | None]] = []
    for steps in CANVAS_STEPS:
        found = bench.case("waits", "waits", steps=steps).inside
        rows.append([f"{steps:,}", *(found[name] for name in WAITS_FIGURES)])
    note = (
        "Wall time in the browser, in ms: from the drop of a step of the palette to its columns and "
        "problems, asked for after 60 ms, and to Python's answer that it is kept, which is sent 400 ms after "
        "the last edit; from a letter in the SQL of a step that renames a column to the columns and "
        "problems of all steps, asked for after 60 ms; from the arrow key to a step eight deep to its "
        f"rows, over a sample that is there. Medians of 12 in one process, and of {bench.runs} processes."
    )
    return [Table("Waiting at the designer", note, ["steps", *WAITS_FIGURES.values()], rows)]


def live(bench: Bench) -> list[Table]:
    """The page of a run while it goes on."""
    rows: list[list[str | float | None]] = []
    for part, browsers in product(LIVE_PARTS, LIVE_BROWSERS):
        found = bench.case("live", "live", 1, steps=500, events=10_000, browsers=browsers, part=part).inside
        rows.append([part, f"{browsers}", *(found[name] for name in LIVE_FIGURES)])
    note = (
        "A run of 500 steps, 450 of them done, with 10,000 events in its journal and 20 more each second. "
        "CPU of the Studio's process for one refresh of one page, and the seconds from one to the next."
    )
    return [Table("A run that is watched", note, ["part", "browsers", *LIVE_FIGURES.values()], rows)]


def streams(bench: Bench) -> list[Table]:
    """What a stream takes."""
    rows = max(bench.rows)
    found = {
        "1,000 files of 10 rows": bench.case("streams", "files", 1, files=1_000).inside,
        "100 files, one after the other": bench.case("streams", "drops", 1, files=100).inside,
        f"{rows:,} rows past a watermark, ten batches": bench.case(
            "streams", "watermark", 1, rows=rows
        ).inside,
    }
    note = "Into a Delta table; each batch is a run with a journal. One process, one run of each case."
    figures: list[list[str | float | None]] = [
        [case, figure, value] for case, inside in found.items() for figure, value in inside.items()
    ]
    return [Table("Streams", note, ["case", "figure", "value"], figures)]


def databases(bench: Bench) -> list[Table]:
    """Rows in and out of PostgreSQL."""
    rows, table = min(bench.rows), list[list[str | float | None]]()
    for title, peer, name in (
        ("Parquet file into a table", "out by hand", "out by pipeline"),
        ("table into a Parquet file", "in by hand", "in by pipeline"),
        ("a sum over a tenth of its rows", "", "filtered by pipeline"),
    ):
        theirs = bench.case("databases", peer, rows=rows).inside["wall_s"] if peer else None
        ours = bench.case("databases", name, rows=rows).inside["wall_s"]
        table.append([title, ours, theirs, ours / theirs if theirs else None])
    note = (
        f"{rows:,} rows of six columns, seconds of wall time of a second time in one process, the server "
        f"beside it; by hand is ADBC. Medians of {bench.runs} processes."
    )
    return [Table("PostgreSQL", note, ["what", "pipeline", "by hand", "ratio"], table)]


def spark(bench: Bench) -> list[Table]:
    """What tracking costs on Spark, and from which size on Spark is the faster engine here."""
    rows, overhead = min(bench.rows), list[list[str | float | None]]()
    folder = bench.sized(rows)
    for times in (1, 10):
        for end, what in (("sums", "a summary"), ("rows", "nearly all rows")):
            common: dict[str, str | int] = {"end": end, "times": times}
            peer = bench.case("spark", "by hand", 0, folder, **common).inside
            costs = {"by hand": peer}
            for tracking in TRACKINGS:
                ours = bench.case("spark", "on Spark", 0, folder, **common, tracking=tracking)
                costs[f"odibi, {tracking}"] = ours.inside
            for name, cost in costs.items():
                figures = [
                    (cost[figure], cost[figure] / peer[figure]) for figure in ("run_cpu_s", "run_wall_s")
                ]
                overhead.append([f"{rows * times:,} rows, {what}", name, *figures[0], *figures[1]])
    sizes: list[list[str | float | None]] = []
    for times in SPARK_TIMES:
        common = {"end": "sums", "tracking": "fused", "times": times}
        here = bench.case("spark", "on DuckDB", 1, folder, **common).inside["run_wall_s"]
        there = bench.case("spark", "on Spark", 1, folder, **common).inside["run_wall_s"]
        sizes.append([f"{rows * times:,}", here, there, there / here])
    started = bench.case("spark", "start", 0).inside
    note = (
        "Ten steps that stream into each other, in a session that has run once; CPU of the whole process "
        f"tree. By hand: the same statements as one program. Medians of {bench.runs}."
    )
    reach = (
        "The same steps, ending in a summary, fused; seconds of wall time of one run in an open session. To "
        f"start, Spark takes {started['run_wall_s']:.1f} s more, of {started['run_cpu_s']:.1f} s of CPU."
    )
    return [
        Table("Tracking on Spark", note, ["job", "what", "CPU s", "ratio", "wall s", "ratio"], overhead),
        Table("Spark or DuckDB", reach, ["rows", "DuckDB s", "Spark s", "ratio"], sizes),
    ]


def cloud(bench: Bench) -> list[Table]:
    """Parquet to and from S3."""
    rows, table = min(bench.rows), list[list[str | float | None]]()
    for title, way in (
        ("Parquet file into an object", "up"),
        ("object into a Parquet file", "down"),
        ("a sum over a tenth of its rows", "filtered"),
    ):
        theirs = bench.case("cloud", f"{way} by hand", rows=rows).inside["wall_s"]
        ours = bench.case("cloud", f"{way} by pipeline", rows=rows).inside["wall_s"]
        table.append([title, ours, theirs, ours / theirs])
    note = (
        f"{rows:,} rows of six columns, seconds of wall time of a second time in one process, SeaweedFS "
        f"beside it; by hand is pyarrow over s3fs. Medians of {bench.runs} processes."
    )
    return [Table("S3", note, ["what", "pipeline", "by hand", "ratio"], table)]


def quality(bench: Bench) -> list[Table]:
    """What expectations cost."""
    table = list[list[str | float | None]]()
    for rows in bench.rows:
        ours = bench.case("quality", "expected", rows=rows, threads=2).inside
        hand = bench.case("quality", "checks by hand", rows=rows, threads=2).inside["checks_s"]
        cost = ours["with_s"] - ours["without_s"]
        share = 100 * cost / ours["without_s"]
        table.append([f"{rows:,}", ours["without_s"], ours["with_s"], cost, hand, cost / hand, share])
    note = (
        "Eight expectations, all of them met, on one step of five columns: nulls, key, range, set, pattern, "
        "foreign key, condition, row count. CPU seconds of a run that reads Parquet and holds the step's "
        "result, without and with them; the difference; and a statement a check over the same table in bare "
        f"DuckDB. Two threads, the best of three in one process, medians of {bench.runs} processes."
    )
    columns = ["rows", "run without", "run with", "difference", "by hand", "ratio", "% of the run"]
    return [Table("Expectations", note, columns, table)]


def _compared(title: str, costs: dict[str, Cost], runs: int) -> Table:
    peer = next(iter(costs.values()))
    rows: list[list[str | float | None]] = [
        [
            name,
            cost.cpu_s,
            cost.cpu_s / peer.cpu_s,
            cost.wall_s,
            cost.wall_s / peer.wall_s,
            cost.peak_mb,
            cost.peak_mb / peer.peak_mb,
        ]
        for name, cost in costs.items()
    ]
    note = f"Whole processes, imports included, medians of {runs}; ratios to DuckDB by hand."
    return Table(title, note, ["what", "CPU s", "ratio", "wall s", "ratio", "peak MB", "ratio"], rows)


GROUPS: dict[str, Callable[[Bench], list[Table]]] = {
    "overhead": overhead,
    "startup": startup,
    "pipelines": pipelines,
    "kept": kept,
    "memory": memory,
    "typing": typing,
    "canvas": canvas,
    "waits": waits,
    "live": live,
    "streams": streams,
    "databases": databases,
    "spark": spark,
    "cloud": cloud,
    "quality": quality,
}
