"""What the designer in the browser and the server say to each other: one model a message.

The browser holds the document that a person edits; each request carries what it needs of it, and each answer
says which revision it is about, so that a late one is dropped. `studio/frontend/src/messages.ts` is made from
these models.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """What all messages share: names that nobody declared are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepForm(Message):
    """A step as its YAML says it."""

    name: str
    layer: str
    type: str
    engine: str = ""
    value: Any = ""
    params: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict, description="Name inside the step → dataset key.")
    outputs: dict[str, str] = Field(default_factory=dict, description="Name inside the step → dataset key.")
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="What people and tools keep with the step. `recipe` holds the form that made its SQL: "
        "{name, settings}.",
    )
    expectations: list[dict[str, Any]] = Field(
        default_factory=list, description="What its output is expected to be, each {check, …}."
    )


class ParameterForm(Message):
    """A declared parameter of a run."""

    type: str = "text"
    default: Any = None
    choices: list[Any] = Field(default_factory=list)
    description: str = ""


class PipelineForm(Message):
    """A pipeline as its YAML says it."""

    name: str
    description: str = ""
    engine: str = "pandas"
    parameters: dict[str, ParameterForm] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    steps: list[StepForm] = Field(default_factory=list)


class Point(Message):
    """A place on the canvas, in pixels at zoom 1."""

    x: float
    y: float


class Group(Message):
    """A frame around steps."""

    id: str
    title: str
    steps: list[str]
    is_collapsed: bool = False


class Note(Message):
    """A text on the canvas."""

    id: str
    text: str
    x: float
    y: float
    width: float
    height: float


class Layout(Message):
    """Where things are on the canvas. A step without a position is laid out by the browser."""

    positions: dict[str, Point] = Field(default_factory=dict, description="Step name → its place.")
    groups: list[Group] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)


class Document(Message):
    """What a person edits: the pipeline, and how it lies on the canvas."""

    pipeline: PipelineForm
    layout: Layout = Field(default_factory=Layout)


class Column(Message):
    """A column of a dataset."""

    name: str
    type: str


class Severity(StrEnum):
    """How bad a problem is: an error stops a run before it starts."""

    ERROR = "error"
    WARNING = "warning"


class Span(Message):
    """A place in a text, lines and columns from 1; the end lies behind the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


class ProblemForm(Message):
    """One mistake: which step and field, what is wrong, how to mend it."""

    what: str
    step: str = ""
    field: str = Field("", description="Path inside the step: value, params.format, inputs.bronze, …")
    fix: str = ""
    severity: Severity = Severity.ERROR
    span: Span | None = Field(None, description="Where in the step's SQL.")
    suggestions: list[str] = Field(default_factory=list, description="Texts that may take the span's place.")
    place: str = Field("", description="Where in a file that was read: sales.yaml:12:5.")


class StepTruth(Message):
    """What is known of a step without running it."""

    kind: str = Field("", description="connect, ingest, transform, store or publish; empty: of none.")
    inputs: dict[str, list[Column] | None] = Field(
        default_factory=dict, description="None: only a run can tell."
    )
    outputs: dict[str, list[Column] | None] = Field(default_factory=dict)
    region: str = Field("", description="Steps of one region run as one query.")
    why: str = Field("", description="Why the plan keeps or fuses what the step makes.")
    notes: list[str] = Field(
        default_factory=list, description="What may come out otherwise than meant, as the SQL was translated."
    )


class CheckRequest(Message):
    """Asks what is true of a pipeline."""

    revision: int = Field(description="Comes back in the answer.")
    pipeline: PipelineForm


class CheckAnswer(Message):
    """The columns of every port, and every problem. No row was read."""

    revision: int
    steps: dict[str, StepTruth]
    problems: list[ProblemForm]
    elapsed_ms: float


class Grid(Message):
    """Rows of one port."""

    port: str
    dataset: str
    columns: list[Column]
    rows: list[list[Any]] = Field(description="JSON values; what JSON lacks (dates, decimals, …) as text.")
    row_count: int = Field(description="Rows of the whole preview, of which `rows` are the first.")
    is_sample: bool = Field(description="Whether it was computed over samples of the sources.")
    note: str = Field("", description="How the sample was taken, for people.")


class PreviewRequest(Message):
    """Asks for rows of a step and of its inputs."""

    revision: int
    pipeline: PipelineForm
    step: str
    rows: int = Field(100, ge=1, le=1_000)
    parameters: dict[str, Any] = Field(default_factory=dict)


class PreviewAheadAnswer(Message):
    """Whether the rows of a step are ready for whoever asks for them next."""

    is_ready: bool


class PreviewAnswer(Message):
    """Rows of a step and of its inputs, or why there are none."""

    revision: int
    step: str
    inputs: list[Grid] = Field(default_factory=list)
    outputs: list[Grid] = Field(default_factory=list)
    problem: ProblemForm | None = None
    warnings: list[str] = Field(default_factory=list)
    elapsed_ms: float = 0


class ProfileRequest(Message):
    """Asks what the values of a column are like."""

    pipeline: PipelineForm
    step: str
    port: str
    column: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class Bin(Message):
    """A bar of a histogram: values from `low` to below `high`; the last one holds `high` too."""

    low: str
    high: str
    count: int


class ValueCount(Message):
    """A value, and how often it is there."""

    value: str | None
    count: int


class ProfileAnswer(Message):
    """What the values of a column are like."""

    column: Column
    row_count: int
    null_count: int
    distinct_count: int
    minimum: str | None
    maximum: str | None
    mean: str | None
    histogram: list[Bin] = Field(default_factory=list)
    most_frequent: list[ValueCount] = Field(default_factory=list)
    is_sample: bool = False


class SuggestRequest(Message):
    """Asks for expectations that fit what a step makes of samples."""

    pipeline: PipelineForm
    step: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class SuggestAnswer(Message):
    """Expectations that fit: a beginning, for a person to look over."""

    rows: int = Field(description="How many rows were looked at.")
    is_sample: bool
    expectations: list[dict[str, Any]]


class PinRequest(Message):
    """Asks for a test: the first rows of a step's inputs, and what it makes of them."""

    pipeline: PipelineForm
    step: str
    name: str = Field("", description="Names the test; the step's where it is empty.")
    description: str = ""
    rows: int = Field(20, ge=1, le=1_000)
    replaces: bool = False
    parameters: dict[str, Any] = Field(default_factory=dict)


class PinAnswer(Message):
    """The test that was written."""

    path: str = Field(description="Its file, relative to the workspace.")
    inputs: dict[str, int] = Field(description="Input → how many rows it is given.")
    rows: int = Field(description="How many rows it has to give.")


class SqlRequest(Message):
    """Asks for a SQL text in another form."""

    sql: str
    dialect: Literal["duckdb", "spark"] = "duckdb"
    inputs: dict[str, list[Column] | None] = Field(
        default_factory=dict,
        description="Of the step: for Spark, stars are written out.",
    )


class SqlAnswer(Message):
    """A SQL text, or why there is none."""

    sql: str
    warnings: list[str] = Field(default_factory=list)
    problem: ProblemForm | None = None


class DatasetColumns(Message):
    """What a query may name of a dataset; nothing where only the query tells."""

    columns: list[Column]


class RecipeRequest(Message):
    """Asks for the SQL that a self-service form makes."""

    recipe: str
    settings: dict[str, Any]
    inputs: dict[str, list[Column] | None] = Field(description="In the step's order.")
    engine: str = Field("", description="The step's; empty: that of the pipeline is not known.")


class RecipeAnswer(Message):
    """The SQL of a form; `problems` name the form's fields."""

    sql: str
    problems: list[ProblemForm] = Field(default_factory=list)


class KindForm(Message):
    """A kind of step in the palette."""

    kind: str
    title: str
    description: str
    settings: dict[str, Any] = Field(description="JSON Schema of `params`, beside the options of a format.")


class FormatForm(Message):
    """A file format or other place for rows, and what it can do."""

    name: str
    title: str
    extensions: list[str]
    can_read: bool
    can_write: bool
    modes: list[str] = Field(description="Write modes: overwrite, append, merge, error, ignore.")
    can_partition: bool
    read_options: dict[str, Any] = Field(description="JSON Schema.")
    write_options: dict[str, Any] = Field(description="JSON Schema.")


class RecipeForm(Message):
    """A self-service step: a form that makes SQL."""

    name: str
    title: str
    description: str
    inputs: int = Field(description="How many inputs it takes; 0 for two or more.")
    settings: dict[str, Any] = Field(
        description='JSON Schema. Beside the standard keys a field may say "x-widget": "column", "columns", '
        '"expression", "operator", "aggregate", "type"; "x-input": the input whose columns are meant; '
        '"x-when": the field beside it → the answers for which it is asked.'
    )


class ExpectationForm(Message):
    """A kind of expectation."""

    check: str
    title: str
    description: str
    settings: dict[str, Any] = Field(
        description='JSON Schema; as of a recipe, with "x-widget": "dataset", "value", "values", "share", '
        '"lines" besides, and as "x-input" "output" or "references", the dataset that another field names.'
    )


class FunctionForm(Message):
    """A function that steps may call."""

    name: str
    description: str
    inputs: list[str]
    parameters: list[dict[str, Any]] = Field(description="name, type, default, required.")


class SqlFunction(Message):
    """A function of the SQL dialect, for completion."""

    name: str
    signature: str
    description: str


class SecretName(Message):
    """A secret that a step may refer to; never its value."""

    name: str
    place: str = Field(
        "", description="Where it is; empty where it was not found, and pipelines refer to it."
    )


class ConnectionForm(Message):
    """A named connection that a step may use."""

    name: str
    kind: str
    place: str = Field(description="Where it leads, without who logs in.")
    format: str = Field(description="The format of what is behind it; empty where names of files say it.")


class Catalog(Message):
    """What the palette, the forms and the editor offer."""

    kinds: list[KindForm]
    formats: list[FormatForm]
    recipes: list[RecipeForm]
    expectations: list[ExpectationForm]
    functions: list[FunctionForm]
    sql_functions: list[SqlFunction]
    pipeline_settings: dict[str, Any] = Field(
        default_factory=dict, description="JSON Schema of a pipeline's `settings`."
    )
    engines: list[str]
    connections: list[ConnectionForm]
    secrets: list[SecretName]


class FileEntry(Message):
    """A file or folder of the workspace."""

    path: str = Field(description="Relative to the workspace, with slashes.")
    is_folder: bool
    size_bytes: int
    modified: str = Field(description="UTC, ISO 8601.")


class Folder(Message):
    """What a folder of the workspace holds."""

    path: str
    entries: list[FileEntry]


class SourceAnswer(Message):
    """A file that was dropped on the canvas, and the step that reads it."""

    path: str
    step: StepForm


class DesignCard(Message):
    """A design, as the gallery shows it."""

    id: str
    name: str
    description: str
    owner: str
    tags: list[str]
    step_count: int
    version: int = Field(description="Number of the newest version; 0 before the first.")
    updated: str = Field(description="UTC, ISO 8601.")
    trashed: str = Field("", description="When it was put into the trash, UTC, ISO 8601; empty: it was not.")
    revision: int = Field(0, description="Counts every change that was kept.")
    is_changed: bool = Field(False, description="Whether the document differs from the newest version.")
    is_form: bool = Field(False, description="Whether it is published as a form.")
    path: str = Field("", description="The file in the workspace that is kept in step; empty: none yet.")
    problem: str = Field("", description="What is wrong between the design and its file.")


class Design(Message):
    """A design with its document as it is now."""

    id: str
    revision: int = Field(description="Counts every change that was kept.")
    version: int = Field(description="Number of the newest version; 0 before the first.")
    is_changed: bool = Field(description="Whether the document differs from the newest version.")
    document: Document
    path: str = Field(description="The file in the workspace that is kept in step.")
    conflict: int = Field(
        0,
        description="The version that the file brought in while the document had changes of its own, "
        "until a ResolveRequest settles it; 0: none.",
    )
    problem: str = Field("", description="What is wrong between the design and its file.")


class CreateRequest(Message):
    """Makes a design: blank, or from a template."""

    name: str = Field("", description="Empty: a free one is chosen.")
    template: str = ""


class CopyRequest(Message):
    """Makes a design of its own of what somebody made of another, under a free name."""

    document: Document


class RestoreRequest(Message):
    """Makes a version that is as an older one was."""

    version: int


class ResolveRequest(Message):
    """Settles what becomes of a document whose file was changed outside."""

    take: Literal["mine", "file", "both"] = Field(
        description="mine: the document stays, the next version replaces the file. file: the document "
        "becomes what the file says, and what it was becomes a version. both: both sides' changes in one."
    )


class ImportRequest(Message):
    """Makes a design of a YAML or Python text. The text is never run."""

    file_name: str = Field(description="Its ending says what it is: .yaml, .yml or .py.")
    text: str


class ImportAnswer(Message):
    """The design, or why there is none; warnings come with a design too."""

    design: Design | None = None
    problems: list[ProblemForm] = Field(default_factory=list)


class AutosaveRequest(Message):
    """Keeps the document as it is now."""

    base_revision: int = Field(description="The revision that the changes were made on.")
    document: Document


class AutosaveAnswer(Message):
    """What became of it. On a conflict nothing was kept; `theirs` is what another browser kept meanwhile."""

    revision: int
    is_kept: bool
    theirs: Document | None = None
    merged: Document | None = Field(
        None, description="Both sides' changes in one, where they touch different steps."
    )
    author: str = ""
    warnings: list[str] = Field(default_factory=list)


class VersionRequest(Message):
    """Makes an immutable version of the document as it was last kept."""

    revision: int
    message: str


class Version(Message):
    """An immutable version."""

    number: int
    author: str
    message: str
    created: str = Field(description="UTC, ISO 8601.")
    step_count: int


class StepChange(Message):
    """How a step differs between two documents."""

    step: str
    change: Literal["added", "removed", "changed", "renamed"]
    before: str = Field("", description="The step's name before, where it was renamed.")
    fields: list[str] = Field(default_factory=list, description="Paths of the fields that differ.")


class Diff(Message):
    """How two documents differ: on the canvas, and as text."""

    steps: list[StepChange]
    fields: list[str] = Field(
        default_factory=list, description="Paths of the pipeline's own fields that differ: parameters.region."
    )
    text: str = Field(description="Unified diff of the YAML.")
    before: Document
    after: Document


class ExportAnswer(Message):
    """A pipeline as a file."""

    file_name: str
    text: str


class ErrorAnswer(Message):
    """Why a request was not answered."""

    what: str
    where: str = ""
    fix: str = ""
