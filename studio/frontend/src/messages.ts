// Made by scripts/make_messages.py from odibi_studio/*messages.py: change it there.

/** Where a step stands in a run. */
export type NodeState = "pending" | "ready" | "running" | "cached" | "success" | "failed" | "skipped" | "cancelled";

/** How a run stands. */
export type RunState = "queued" | "running" | "success" | "failed" | "cancelled" | "lost";

/** Where a run that is done again begins. */
export type Repeat = "start" | "failure" | "checkpoint";

/** A step as its YAML says it. */
export interface StepForm {
  name: string;
  layer: string;
  type: string;
  engine: string;
  value: unknown;
  params: Record<string, unknown>;
  /** Name inside the step → dataset key. */
  inputs: Record<string, string>;
  /** Name inside the step → dataset key. */
  outputs: Record<string, string>;
  /**
   * What people and tools keep with the step. `recipe` holds the form that made its SQL: {name, settings}.
   */
  metadata: Record<string, unknown>;
  /** What its output is expected to be, each {check, …}. */
  expectations: Record<string, unknown>[];
}

/** A declared parameter of a run. */
export interface ParameterForm {
  type: string;
  default: unknown;
  choices: unknown[];
  description: string;
}

/** A pipeline as its YAML says it. */
export interface PipelineForm {
  name: string;
  description: string;
  engine: string;
  parameters: Record<string, ParameterForm>;
  settings: Record<string, unknown>;
  steps: StepForm[];
}

/** A place on the canvas, in pixels at zoom 1. */
export interface Point {
  x: number;
  y: number;
}

/** A frame around steps. */
export interface Group {
  id: string;
  title: string;
  steps: string[];
  is_collapsed: boolean;
}

/** A text on the canvas. */
export interface Note {
  id: string;
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where things are on the canvas. A step without a position is laid out by the browser. */
export interface Layout {
  /** Step name → its place. */
  positions: Record<string, Point>;
  groups: Group[];
  notes: Note[];
}

/** What a person edits: the pipeline, and how it lies on the canvas. */
export interface Document {
  pipeline: PipelineForm;
  layout: Layout;
}

/** A column of a dataset. */
export interface Column {
  name: string;
  type: string;
}

/** How bad a problem is: an error stops a run before it starts. */
export type Severity = "error" | "warning";

/** A place in a text, lines and columns from 1; the end lies behind the last character. */
export interface Span {
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

/** One mistake: which step and field, what is wrong, how to mend it. */
export interface ProblemForm {
  what: string;
  step: string;
  /** Path inside the step: value, params.format, inputs.bronze, … */
  field: string;
  fix: string;
  severity: Severity;
  /** Where in the step's SQL. */
  span: Span | null;
  /** Texts that may take the span's place. */
  suggestions: string[];
  /** Where in a file that was read: sales.yaml:12:5. */
  place: string;
}

/** What is known of a step without running it. */
export interface StepTruth {
  /** connect, ingest, transform, store or publish; empty: of none. */
  kind: string;
  /** None: only a run can tell. */
  inputs: Record<string, Column[] | null>;
  outputs: Record<string, Column[] | null>;
  /** Steps of one region run as one query. */
  region: string;
  /** Why the plan keeps or fuses what the step makes. */
  why: string;
  /** What may come out otherwise than meant, as the SQL was translated. */
  notes: string[];
}

/** Asks what is true of a pipeline. */
export interface CheckRequest {
  /** Comes back in the answer. */
  revision: number;
  pipeline: PipelineForm;
}

/** The columns of every port, and every problem. No row was read. */
export interface CheckAnswer {
  revision: number;
  steps: Record<string, StepTruth>;
  problems: ProblemForm[];
  elapsed_ms: number;
}

/** Rows of one port. */
export interface Grid {
  port: string;
  dataset: string;
  columns: Column[];
  /** JSON values; what JSON lacks (dates, decimals, …) as text. */
  rows: unknown[][];
  /** Rows of the whole preview, of which `rows` are the first. */
  row_count: number;
  /** Whether it was computed over samples of the sources. */
  is_sample: boolean;
  /** How the sample was taken, for people. */
  note: string;
}

/** Asks for rows of a step and of its inputs. */
export interface PreviewRequest {
  revision: number;
  pipeline: PipelineForm;
  step: string;
  rows?: number;
  parameters?: Record<string, unknown>;
}

/** Whether the rows of a step are ready for whoever asks for them next. */
export interface PreviewAheadAnswer {
  is_ready: boolean;
}

/** Rows of a step and of its inputs, or why there are none. */
export interface PreviewAnswer {
  revision: number;
  step: string;
  inputs: Grid[];
  outputs: Grid[];
  problem: ProblemForm | null;
  warnings: string[];
  elapsed_ms: number;
}

/** Asks what the values of a column are like. */
export interface ProfileRequest {
  pipeline: PipelineForm;
  step: string;
  port: string;
  column: string;
  parameters?: Record<string, unknown>;
}

/** A bar of a histogram: values from `low` to below `high`; the last one holds `high` too. */
export interface Bin {
  low: string;
  high: string;
  count: number;
}

/** A value, and how often it is there. */
export interface ValueCount {
  value: string | null;
  count: number;
}

/** What the values of a column are like. */
export interface ProfileAnswer {
  column: Column;
  row_count: number;
  null_count: number;
  distinct_count: number;
  minimum: string | null;
  maximum: string | null;
  mean: string | null;
  histogram: Bin[];
  most_frequent: ValueCount[];
  is_sample: boolean;
}

/** Asks for expectations that fit what a step makes of samples. */
export interface SuggestRequest {
  pipeline: PipelineForm;
  step: string;
  parameters?: Record<string, unknown>;
}

/** Expectations that fit: a beginning, for a person to look over. */
export interface SuggestAnswer {
  /** How many rows were looked at. */
  rows: number;
  is_sample: boolean;
  expectations: Record<string, unknown>[];
}

/** Asks for a test: the first rows of a step's inputs, and what it makes of them. */
export interface PinRequest {
  pipeline: PipelineForm;
  step: string;
  /** Names the test; the step's where it is empty. */
  name?: string;
  description?: string;
  rows?: number;
  replaces?: boolean;
  parameters?: Record<string, unknown>;
}

/** The test that was written. */
export interface PinAnswer {
  /** Its file, relative to the workspace. */
  path: string;
  /** Input → how many rows it is given. */
  inputs: Record<string, number>;
  /** How many rows it has to give. */
  rows: number;
}

/** Asks for a SQL text in another form. */
export interface SqlRequest {
  sql: string;
  dialect?: "duckdb" | "spark";
  /** Of the step: for Spark, stars are written out. */
  inputs?: Record<string, Column[] | null>;
}

/** A SQL text, or why there is none. */
export interface SqlAnswer {
  sql: string;
  warnings: string[];
  problem: ProblemForm | null;
}

/** What a query may name of a dataset; nothing where only the query tells. */
export interface DatasetColumns {
  columns: Column[];
}

/** Asks for the SQL that a self-service form makes. */
export interface RecipeRequest {
  recipe: string;
  settings: Record<string, unknown>;
  /** In the step's order. */
  inputs: Record<string, Column[] | null>;
  /** The step's; empty: that of the pipeline is not known. */
  engine?: string;
}

/** The SQL of a form; `problems` name the form's fields. */
export interface RecipeAnswer {
  sql: string;
  problems: ProblemForm[];
}

/** A kind of step in the palette. */
export interface KindForm {
  kind: string;
  title: string;
  description: string;
  /** JSON Schema of `params`, beside the options of a format. */
  settings: Record<string, unknown>;
}

/** A file format or other place for rows, and what it can do. */
export interface FormatForm {
  name: string;
  title: string;
  extensions: string[];
  can_read: boolean;
  can_write: boolean;
  /** Write modes: overwrite, append, merge, error, ignore. */
  modes: string[];
  can_partition: boolean;
  /** JSON Schema. */
  read_options: Record<string, unknown>;
  /** JSON Schema. */
  write_options: Record<string, unknown>;
}

/** A self-service step: a form that makes SQL. */
export interface RecipeForm {
  name: string;
  title: string;
  description: string;
  /** How many inputs it takes; 0 for two or more. */
  inputs: number;
  /**
   * JSON Schema. Beside the standard keys a field may say "x-widget": "column", "columns", "expression",
   * "operator", "aggregate", "type"; "x-input": the input whose columns are meant; "x-when": the field beside
   * it → the answers for which it is asked.
   */
  settings: Record<string, unknown>;
}

/** A kind of expectation. */
export interface ExpectationForm {
  check: string;
  title: string;
  description: string;
  /**
   * JSON Schema; as of a recipe, with "x-widget": "dataset", "value", "values", "share", "lines" besides, and
   * as "x-input" "output" or "references", the dataset that another field names.
   */
  settings: Record<string, unknown>;
}

/** A function that steps may call. */
export interface FunctionForm {
  name: string;
  description: string;
  inputs: string[];
  /** name, type, default, required. */
  parameters: Record<string, unknown>[];
}

/** A function of the SQL dialect, for completion. */
export interface SqlFunction {
  name: string;
  signature: string;
  description: string;
}

/** A secret that a step may refer to; never its value. */
export interface SecretName {
  name: string;
  /** Where it is; empty where it was not found, and pipelines refer to it. */
  place: string;
}

/** A named connection that a step may use. */
export interface ConnectionForm {
  name: string;
  kind: string;
  /** Where it leads, without who logs in. */
  place: string;
  /** The format of what is behind it; empty where names of files say it. */
  format: string;
}

/** What the palette, the forms and the editor offer. */
export interface Catalog {
  kinds: KindForm[];
  formats: FormatForm[];
  recipes: RecipeForm[];
  expectations: ExpectationForm[];
  functions: FunctionForm[];
  sql_functions: SqlFunction[];
  /** JSON Schema of a pipeline's `settings`. */
  pipeline_settings: Record<string, unknown>;
  engines: string[];
  connections: ConnectionForm[];
  secrets: SecretName[];
}

/** A file or folder of the workspace. */
export interface FileEntry {
  /** Relative to the workspace, with slashes. */
  path: string;
  is_folder: boolean;
  size_bytes: number;
  /** UTC, ISO 8601. */
  modified: string;
}

/** What a folder of the workspace holds. */
export interface Folder {
  path: string;
  entries: FileEntry[];
}

/** A file that was dropped on the canvas, and the step that reads it. */
export interface SourceAnswer {
  path: string;
  step: StepForm;
}

/** A design, as the gallery shows it. */
export interface DesignCard {
  id: string;
  name: string;
  description: string;
  owner: string;
  tags: string[];
  step_count: number;
  /** Number of the newest version; 0 before the first. */
  version: number;
  /** UTC, ISO 8601. */
  updated: string;
  /** When it was put into the trash, UTC, ISO 8601; empty: it was not. */
  trashed: string;
  /** Counts every change that was kept. */
  revision: number;
  /** Whether the document differs from the newest version. */
  is_changed: boolean;
  /** Whether it is published as a form. */
  is_form: boolean;
  /** The file in the workspace that is kept in step; empty: none yet. */
  path: string;
  /** What is wrong between the design and its file. */
  problem: string;
}

/** A design with its document as it is now. */
export interface Design {
  id: string;
  /** Counts every change that was kept. */
  revision: number;
  /** Number of the newest version; 0 before the first. */
  version: number;
  /** Whether the document differs from the newest version. */
  is_changed: boolean;
  document: Document;
  /** The file in the workspace that is kept in step. */
  path: string;
  /**
   * The version that the file brought in while the document had changes of its own, until a ResolveRequest
   * settles it; 0: none.
   */
  conflict: number;
  /** What is wrong between the design and its file. */
  problem: string;
}

/** Makes a design: blank, or from a template. */
export interface CreateRequest {
  /** Empty: a free one is chosen. */
  name?: string;
  template?: string;
}

/** Makes a design of its own of what somebody made of another, under a free name. */
export interface CopyRequest {
  document: Document;
}

/** Makes a version that is as an older one was. */
export interface RestoreRequest {
  version: number;
}

/** Settles what becomes of a document whose file was changed outside. */
export interface ResolveRequest {
  /**
   * mine: the document stays, the next version replaces the file. file: the document becomes what the file
   * says, and what it was becomes a version. both: both sides' changes in one.
   */
  take: "mine" | "file" | "both";
}

/** Makes a design of a YAML or Python text. The text is never run. */
export interface ImportRequest {
  /** Its ending says what it is: .yaml, .yml or .py. */
  file_name: string;
  text: string;
}

/** The design, or why there is none; warnings come with a design too. */
export interface ImportAnswer {
  design: Design | null;
  problems: ProblemForm[];
}

/** Keeps the document as it is now. */
export interface AutosaveRequest {
  /** The revision that the changes were made on. */
  base_revision: number;
  document: Document;
}

/** What became of it. On a conflict nothing was kept; `theirs` is what another browser kept meanwhile. */
export interface AutosaveAnswer {
  revision: number;
  is_kept: boolean;
  theirs: Document | null;
  /** Both sides' changes in one, where they touch different steps. */
  merged: Document | null;
  author: string;
  warnings: string[];
}

/** Makes an immutable version of the document as it was last kept. */
export interface VersionRequest {
  revision: number;
  message: string;
}

/** An immutable version. */
export interface Version {
  number: number;
  author: string;
  message: string;
  /** UTC, ISO 8601. */
  created: string;
  step_count: number;
}

/** How a step differs between two documents. */
export interface StepChange {
  step: string;
  change: "added" | "removed" | "changed" | "renamed";
  /** The step's name before, where it was renamed. */
  before: string;
  /** Paths of the fields that differ. */
  fields: string[];
}

/** How two documents differ: on the canvas, and as text. */
export interface Diff {
  steps: StepChange[];
  /** Paths of the pipeline's own fields that differ: parameters.region. */
  fields: string[];
  /** Unified diff of the YAML. */
  text: string;
  before: Document;
  after: Document;
}

/** A pipeline as a file. */
export interface ExportAnswer {
  file_name: string;
  text: string;
}

/** Why a request was not answered. */
export interface ErrorAnswer {
  what: string;
  where: string;
  fix: string;
}

/** Asks for a run of a pipeline file, or of a design's version. */
export interface StartRunRequest {
  /** A name in pipelines/; empty where a design is meant. */
  pipeline?: string;
  design_id?: string;
  /** The design's version; 0 takes the newest. */
  version?: number;
  parameters?: Record<string, unknown>;
  /** Run from this step on; empty runs from the beginning. */
  start?: string;
  /** Run up to this step; empty runs to the end. */
  end?: string;
  engine?: string;
  tracking?: "auto" | "exact" | "fused" | null;
  workers?: number | null;
  cache?: boolean;
  checkpoints?: boolean;
  /** Go on from the latest checkpoint. */
  resume?: boolean;
  /** Go on from the checkpoint of this run; steps that have changed since run again. */
  fork_of?: string;
  /** Run although the pipeline is running already. */
  together?: boolean;
}

/** Asks for a run to be done again. */
export interface RepeatRunRequest {
  repeat?: Repeat;
  /** None takes those of the run. */
  parameters?: Record<string, unknown> | null;
  /** From this step on; None takes the part of the run. */
  start?: string | null;
  /** Up to this step; None takes the part of the run. */
  end?: string | null;
}

/** A run, without its steps. Times are UTC, ISO 8601, or empty. */
export interface RunSummary {
  run_id: string;
  pipeline: string;
  state: RunState;
  /** Where it was started: studio, command line, schedule, stream, python. */
  trigger: string;
  author: string;
  /** The pipeline file that was run. */
  source: string;
  design_id: string;
  /** The design's version; 0 where it is not known. */
  version: number;
  queued: string;
  started: string;
  ended: string;
  duration_ms: number | null;
  total_steps: number;
  success_count: number | null;
  parameters: Record<string, unknown>;
  /** It ran from this step on. */
  start: string;
  /** It ran up to this step. */
  end: string;
  engine: string;
  tracking: string;
  rerun_of: string;
  is_cancelling: boolean;
  error: string;
  fix: string;
  failed_step: string;
  reason: string;
  /** What a person can do next; empty where all is well. */
  advice: string;
  /** From 1 for a run that waits, else 0. */
  queue_position: number;
  memory_mb: number | null;
  peak_memory_mb: number | null;
  cpu_percent: number | null;
  /** Whether a checkpoint of it is still there to go on from. */
  can_fork: boolean;
  /** Whether it left a checkpoint to go on from. */
  can_resume: boolean;
  /** What could not be told of the run, and why. */
  warnings: string[];
}

/** Runs, the newest first. */
export interface RunList {
  runs: RunSummary[];
  /** How many there are of these, of which `runs` are the newest. */
  total: number;
}

/** What happened in a run since a place in its journal. */
export interface RunEvents {
  events: Record<string, unknown>[];
  /** Ask with it for what comes after these. */
  next: number;
  state: RunState;
  /** Nothing more will come. */
  is_over: boolean;
}

/** A step of a run, as far as it has come. */
export interface StepRun {
  name: string;
  layer: string;
  state: NodeState;
  started: string;
  ended: string;
  duration_ms: number | null;
  /** "region": the time of all the steps that ran with it as one. */
  duration_scope: string;
  row_count: number | null;
  retries: number;
  rejected_rows: number;
  error: string;
  fix: string;
  reason: string;
  warnings: string[];
}

/** A dataset between two steps of a run. */
export interface EdgeRun {
  source: string;
  target: string;
  dataset: string;
  /** None before it is made, and where it is not known. */
  row_count: number | null;
}

/** All steps of a run and what went between them. */
export interface RunSteps {
  run_id: string;
  state: RunState;
  /** The place in the journal up to which this is told. */
  next: number;
  steps: StepRun[];
  edges: EdgeRun[];
}

/** The first rows of a port, as the run kept them. */
export interface RunGrid {
  port: string;
  dataset: string;
  columns: Column[];
  rows: unknown[][];
  /** Rows of the whole dataset; None where they are not known. */
  row_count: number | null;
  /** Which rows these are, or why there are none. */
  note: string;
}

/** The first rows of what a step took and gave in a run. */
export interface RunSamples {
  step: string;
  inputs: RunGrid[];
  outputs: RunGrid[];
}

/** Asks for the rows that made one row of a preview. */
export interface FollowRequest {
  pipeline: PipelineForm;
  step: string;
  /** The key of a dataset that the step takes or gives. */
  dataset: string;
  /** The row's place in the preview, from 0. */
  row?: number;
  /**
   * The row's values, as a grid shows them: then they say which row; its place does so only where moments are
   * others by now.
   */
  values?: unknown[] | null;
  parameters?: Record<string, unknown>;
}

/** The rows of one dataset from which the row comes. */
export interface FollowedStep {
  /** The step that made the dataset. */
  step: string;
  dataset: string;
  grid: Grid;
  /** Whether the rows were read, and made of no others. */
  is_source: boolean;
  /** Why it can't be told what these rows were made of; empty: it is told. */
  why: string;
  /** What is left out. */
  notes: string[];
}

/** A row and the rows that made it: the row's own dataset first, then back to the sources. */
export interface FollowAnswer {
  steps: FollowedStep[];
  /** Rows of the dataset that are like this one, itself included. */
  equal_rows: number;
  problem: ProblemForm | null;
  warnings: string[];
  elapsed_ms: number;
}

/** Asks what became of the rows with a value that a step's rows lack. */
export interface FindRequest {
  pipeline: PipelineForm;
  step: string;
  /** The key of a dataset that the step takes or gives. */
  dataset: string;
  column: string;
  /** As text; null for what has no value. */
  value: string | null;
  parameters?: Record<string, unknown>;
}

/** What became of the rows that were looked for. */
export type Finding = "there" | "dropped" | "changed" | "absent" | "unknown";

/** What became of them in one step. */
export interface FoundStep {
  step: string;
  dataset: string;
  /** How many of them, and of what was made of them, went in. */
  rows_in: number;
  /** How many rows that were made of them came out. */
  rows_out: number;
  /** Whether the last of them was lost here. */
  is_dropped: boolean;
  /** The piece of SQL that lost them; empty: not known. */
  cause: string;
  /** Why it can't be told what came out of them; empty: it is told. */
  why: string;
  /** What came out; of a step that lost them, what went in. */
  grid: Grid;
}

/** What became of the rows that were looked for: from the sources on, step by step. */
export interface FindAnswer {
  finding: Finding;
  conclusion: string;
  steps: FoundStep[];
  problem: ProblemForm | null;
  warnings: string[];
  elapsed_ms: number;
}

/** Asks how healthy the data of a step are, over the samples of a preview. */
export interface HealthRequest {
  pipeline: PipelineForm;
  step: string;
  parameters?: Record<string, unknown>;
}

/** Where a figure usually is, in runs before. */
export interface UsualRange {
  measure: "left_rate" | "right_rate" | "fan_out" | "kept_rate";
  low: number;
  middle: number;
  high: number;
  /** Whether the figure is not there now. */
  is_outside: boolean;
}

/** How the two sides of a join meet. Counts are null where nothing was counted. */
export interface JoinHealth {
  /** The join as the SQL says it. */
  told: string;
  kind: "inner" | "left" | "right" | "full" | "semi" | "anti";
  /** The step's input that is the left side; empty: it is none as it is. */
  left: string;
  /** The same of the right side. */
  right: string;
  left_rows: number | null;
  right_rows: number | null;
  /** The share of left rows that find a partner. */
  left_rate: number | null;
  /** The share of right rows that find a partner. */
  right_rate: number | null;
  pairs: number | null;
  /** Partners of a left row that has any, on average. */
  fan_out: number | null;
  /** Left rows that the join loses. */
  left_dropped: number | null;
  /** Right rows that it loses. */
  right_dropped: number | null;
  /** Rows with nulls in the place of the left side's columns. */
  left_nulls: number | null;
  /** Rows with nulls in the place of the right side's columns. */
  right_nulls: number | null;
  /** Why nothing was counted; empty: it was. */
  why: string;
  usual: UsualRange[];
}

/** How healthy the data of a step are. */
export interface StepHealth {
  step: string;
  joins: JoinHealth[];
  /** Name inside the step → rows. */
  rows_in: Record<string, number | null>;
  rows_out: number | null;
  /** Rows out for a row in, of a step with one input. */
  kept: UsualRange | null;
  /** Why its joins were not counted; empty: they were, or there are none. */
  why: string;
  /** Whether it was counted over samples of the sources. */
  is_sample: boolean;
}

/** How healthy the data of steps are, against runs before. */
export interface HealthAnswer {
  steps: StepHealth[];
  /** How many runs before were looked at. */
  compared_runs: number;
  problem: ProblemForm | null;
}
