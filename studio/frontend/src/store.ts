import { createContext, createElement, type ReactNode, useContext } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Api, describe } from "./api";
import type { Catalog, Design, ErrorAnswer, Repeat } from "./messages";
import { Autosaver, type SaveState } from "./model/autosave";
import { type Draft, type Edit, isSamePipeline, openDraft, type StepId, toDocument } from "./model/draft";
import { graphOf } from "./model/graph";
import { type History, NO_HISTORY, remember, stepBack, stepForth } from "./model/history";
import { NO_RUN, RunFollower, type RunView, type RunWish, viewOf } from "./model/running";
import { kept, NOTHING, only, type Selection, selectionOf } from "./model/selection";
import { type Checking, isSame, NO_TRUTH, type Problem, type Truth, TruthLoop } from "./model/truth";
import { setPreviewParameter } from "./panel/previewParameters";
import { Stowage } from "./model/unsaved";

export type PanelTab = "preview" | "trace" | "schema" | "profile" | "problems" | "plan";

/** A dialog that is open. A conflict is not among them: it shows itself while `save.kind` is "conflict". */
export type Dialog =
  | { readonly kind: "history" }
  | { readonly kind: "version" }
  | { readonly kind: "diff"; readonly before: number; readonly after: number }
  | { readonly kind: "export"; readonly form: "yaml" | "python" }
  | { readonly kind: "import" }
  | { readonly kind: "parameters" }
  | { readonly kind: "pin"; readonly step: StepId }
  | { readonly kind: "run"; readonly wish: RunWish };

/** A short word to the person, shown for a moment. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "error";
}

/** How a step differs from another version. */
export type ChangeMark = "added" | "removed" | "changed" | "renamed";

export type DesignState = Pick<Design, "revision" | "version" | "is_changed" | "path" | "conflict" | "problem">;

export interface DesignerState {
  readonly api: Api;
  readonly designId: string;
  /** Whether it shows what ran, as it was then: nothing can be changed. */
  readonly isReading: boolean;
  readonly opening: { readonly kind: "busy" | "done" } | { readonly kind: "failed"; readonly why: ErrorAnswer };
  /** What the server says of the design: revision, newest version, whether the draft differs from that. */
  readonly design: DesignState;
  readonly catalog: Catalog;
  readonly draft: Draft;
  readonly history: History;
  readonly selection: Selection;
  readonly truth: Truth;
  readonly problemsOf: Readonly<Record<StepId, readonly Problem[]>>;
  readonly checking: Checking;
  readonly save: SaveState;
  readonly run: RunView;
  readonly marks: Readonly<Record<StepId, ChangeMark>>;
  readonly panel: { readonly isOpen: boolean; readonly tab: PanelTab };
  readonly dialog: Dialog | null;
  readonly notices: readonly Notice[];
  /**
   * A step, and perhaps a field of it, that was asked for; or a group, a note, an edge. The canvas pans to it, the
   * inspector focuses the field.
   */
  readonly sought: { readonly id: string; readonly field: string; readonly serial: number } | null;

  /**
   * Changes the draft; the one way to do so. One entry in the undo list; edits of one `key` within a second of each
   * other are one entry, so give typing a key such as "s3:params.path".
   */
  edit(label: string, change: Edit, key?: string): void;
  /**
   * Changes the draft for what nobody did, so that it is no entry in the undo list: SQL that a form makes, which is
   * kept at once; a first layout, which is kept with the next edit.
   */
  arrange(change: Edit): void;
  undo(): void;
  redo(): void;
  select(selection: Selection): void;
  selectSteps(...ids: StepId[]): void;
  seek(id: string, field?: string): void;
  showPanel(tab: PanelTab | null): void;
  showDialog(dialog: Dialog | null): void;
  notify(text: string, tone?: Notice["tone"]): void;
  dismiss(id: number): void;
  setMarks(marks: Readonly<Record<StepId, ChangeMark>>): void;
  /** Saves a version where something has changed, and has it run. */
  startRun(wish: RunWish): Promise<void>;
  /** Does the run on the canvas again as it was, or what is left of it. */
  repeatRun(repeat: Repeat): Promise<void>;
  cancelRun(): Promise<void>;
  /** Goes to the page that compares what the engines give of the pipeline, or of one step. */
  compareEngines(step?: string): Promise<void>;
  /** Takes over what the server made of the design: a restored version. It can be undone like any edit. */
  accept(design: Design, label: string): void;
  /** Sends what is unsaved; true once everything is kept. `isLeaving`: the page may be gone before the answer. */
  saveNow(isLeaving?: boolean): Promise<boolean>;
  /** Says that the server made version `version` of revision `revision`; what was edited since is not in it. */
  versionMade(version: number, revision: number): void;
  /** Ends a conflict: with both sides' changes, with one side's, or with this side's as a design of its own. */
  resolveConflict(choice: "merged" | "mine" | "theirs" | "copy"): Promise<void>;
  retrySave(): void;
  close(): void;
}

export type DesignerStore = StoreApi<DesignerState>;

const EMPTY_DRAFT: Draft = {
  head: { name: "", description: "", engine: "pandas", parameters: {}, settings: {} },
  order: [],
  steps: {},
  positions: {},
  groups: [],
  notes: [],
};
const EMPTY_CATALOG: Catalog = {
  kinds: [], formats: [], recipes: [], expectations: [], functions: [], sql_functions: [], pipeline_settings: {}, engines: [], connections: [], secrets: [],
};
const NOTICE_MS = 6_000;
/** Runs of other designs of the name may be newer. */
const RUNS_LOOKED_AT = 20;

const ONLY_READ = "This is the pipeline as it ran. Open it as a draft to change it";

/** The state of one designer: loads its design at once, then keeps it saved and checked; without a design, it reads what ran. */
export function createDesigner(api: Api, designId: string, runId = ""): DesignerStore {
  let saver: Autosaver | null = null;
  const stowage = new Stowage(designId);
  let noticeCount = 0;
  const store = createStore<DesignerState>()((set, get) => {
    const become = (draft: Draft, history: History) => {
      const before = get();
      if (draft === before.draft) return;
      const design = { ...before.design, is_changed: true };
      set({ draft, design, history, selection: kept(before.selection, draft) });
      saver?.touch();
      if (!isSamePipeline(draft, before.draft)) loop.touch(draft);
    };
    return {
      api,
      designId,
      isReading: !designId,
      opening: { kind: "busy" },
      design: { revision: 0, version: 0, is_changed: false, path: "", conflict: 0, problem: "" },
      catalog: EMPTY_CATALOG,
      draft: EMPTY_DRAFT,
      history: NO_HISTORY,
      selection: NOTHING,
      truth: NO_TRUTH,
      problemsOf: {},
      checking: { kind: "current" },
      save: { kind: "saved" },
      run: NO_RUN,
      marks: {},
      panel: { isOpen: true, tab: "preview" },
      dialog: null,
      notices: [],
      sought: null,

      edit(label, change, key = "") {
        const { draft, history, isReading, notices, notify } = get();
        const after = change(draft);
        if (isReading) {
          if (after !== draft && !notices.some(({ text }) => text === ONLY_READ)) notify(ONLY_READ);
          return;
        }
        if (after !== draft) become(after, remember(history, draft, label, key, Date.now()));
      },
      arrange(change) {
        const { draft, history } = get();
        const after = change(draft);
        if (isSamePipeline(after, draft)) set({ draft: after });
        else if (!get().isReading) become(after, history);
      },
      undo() {
        const back = stepBack(get().history, get().draft);
        if (back) become(back.draft, back.history);
      },
      redo() {
        const forth = stepForth(get().history, get().draft);
        if (forth) become(forth.draft, forth.history);
      },
      select: (selection) => set({ selection }),
      selectSteps: (...ids) => set({ selection: selectionOf({ steps: ids }) }),
      seek(id, field = "") {
        const { draft, sought } = get();
        set({ selection: only(id, draft), sought: { id, field, serial: (sought?.serial ?? 0) + 1 } });
      },
      showPanel: (tab) => set(({ panel }) => ({ panel: { isOpen: tab !== null, tab: tab ?? panel.tab } })),
      showDialog: (dialog) => set({ dialog }),
      notify(text, tone = "plain") {
        noticeCount += 1;
        const id = noticeCount;
        set(({ notices }) => ({ notices: [...notices.slice(-3), { id, text, tone }] }));
        setTimeout(() => get().dismiss(id), NOTICE_MS);
      },
      dismiss: (id) => set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) })),
      setMarks: (marks) => set({ marks }),
      async startRun({ start = "", end = "", parameters = {}, engine = "", forkOf = "" }) {
        try {
          if (!(await makeVersion("Before a run"))) return get().notify("Nothing was run: your changes are not saved", "error");
          const { run_id } = await api.startRun({ design_id: designId, start, end, parameters, engine, ...(forkOf && { fork_of: forkOf, checkpoints: true }) });
          await follower.follow(run_id);
        } catch (error) {
          complain(error);
        }
      },
      async repeatRun(repeat) {
        const { summary } = get().run;
        try {
          if (summary) await follower.follow((await api.repeatRun(summary.run_id, { repeat })).run_id);
        } catch (error) {
          complain(error);
        }
      },
      async cancelRun() {
        const { summary } = get().run;
        try {
          if (summary) await api.cancelRun(summary.run_id);
        } catch (error) {
          complain(error);
        }
      },
      async compareEngines(step) {
        try {
          if (!(await makeVersion("Before a comparison"))) return get().notify("Nothing is compared: your changes are not saved", "error");
          const file = get().design.path || (await api.design(designId)).path;
          location.assign(`parity?${new URLSearchParams({ pipeline: file, ...(step && { step }) })}`);
        } catch (error) {
          complain(error);
        }
      },
      accept(design, label) {
        get().edit(label, (draft) => openDraft(design.document, draft));
        set({ design: stateOf(design) });
        saver?.resume(design.revision, false);
      },
      saveNow: async (isLeaving = false) => (saver ? saver.flush(isLeaving) : true),
      versionMade(version, revision) {
        const { design, save } = get();
        set({ design: { ...design, version, is_changed: save.kind !== "saved" || design.revision !== revision } });
      },
      async resolveConflict(choice) {
        const { draft, edit, notify } = get();
        if (choice === "merged") await saver?.ask();
        const { save } = get();
        if (save.kind !== "conflict") return;
        const { revision, theirs, merged } = save.theirs;
        if (choice === "merged" && get().draft !== draft) throw new Error("The pipeline was changed just now. Choose once more.");
        if (choice === "merged" && !merged) throw new Error("By now both have changed the same steps. Choose another way.");
        if (choice === "copy") {
          const copy = await api.copyDesign(designId, { document: toDocument(draft) });
          notify(`Your changes are kept as ${copy.document.pipeline.name}`);
          if (get().draft !== draft) throw new Error("The pipeline was changed while the copy was made. Choose once more.");
        }
        const other = choice === "merged" ? merged : choice === "mine" ? null : theirs;
        saver?.resume(revision, false);
        if (other) edit("Take over the other browser's changes", (mine) => openDraft(other, mine));
        saver?.resume(revision, choice === "merged" || choice === "mine");
      },
      retrySave: () => saver?.retry(),
      close() {
        follower.stop();
        loop.close();
        saver?.close();
        saver = null;
        stowage.close();
      },
    };
  });

  const { setState: set, getState: get } = store;
  const loop = new TruthLoop({
    ask: api.check,
    tell: (truth) => set(({ problemsOf }) => ({ truth, problemsOf: problemsByStep(truth.problems, problemsOf) })),
    report: (checking) => set({ checking }),
  });

  const follower = new RunFollower(api, (summary, steps) => set({ run: viewOf(summary, steps, get().draft) }));

  function complain(error: unknown): void {
    const { what, fix } = describe(error);
    get().notify([what, fix].filter(Boolean).join(": "), "error");
  }

  /** Has what is on the canvas be the newest version; false where it can't be saved. */
  async function makeVersion(message: string): Promise<boolean> {
    if (!(await store.getState().saveNow())) return false;
    const { design, versionMade } = store.getState();
    if (design.is_changed || design.version === 0) {
      const made = await api.createVersion(designId, { revision: design.revision, message });
      versionMade(made.number, design.revision);
    }
    return true;
  }

  /** Shows the run that was asked for, with its parameters, or the newest of this design. */
  async function joinRun(): Promise<void> {
    if (runId) {
      const { parameters } = await api.run(runId);
      for (const [name, value] of Object.entries(parameters)) setPreviewParameter(store, name, value);
      return follower.follow(runId);
    }
    const { draft, design } = get();
    const { runs } = await api.runs({ pipeline: draft.head.name, limit: RUNS_LOOKED_AT });
    // What the command line or a schedule ran of the file is this design's too.
    const newest = runs.find((run) => run.design_id === designId || (!run.design_id && run.source === design.path));
    if (newest) await follower.follow(newest.run_id);
  }

  async function read(): Promise<void> {
    try {
      const [design, catalog] = await Promise.all([api.runDesign(runId), api.catalog()]);
      const draft = openDraft(design.document);
      set({ draft, catalog, design: stateOf(design), opening: { kind: "done" } });
      loop.touch(draft);
      joinRun().catch(complain);
    } catch (error) {
      set({ opening: { kind: "failed", why: describe(error) } });
    }
  }

  async function open(): Promise<void> {
    try {
      const [design, catalog] = await Promise.all([api.design(designId), api.catalog()]);
      saver = new Autosaver(
        {
          send: async (wanted, isLast) => {
            const answer = await api.autosave(designId, wanted, isLast && isSmall(wanted));
            warn(answer.warnings);
            return answer;
          },
          current: () => toDocument(get().draft),
          report(save, kept) {
            set(({ design }) => ({ save, design: { ...design, revision: kept } }));
            // One after the other: each is saved, or settled with what the one before it made, by itself.
            if (save.kind === "saved") queueMicrotask(recover);
          },
          stow: (unsaved) => stowage.keep(unsaved),
        },
        design.revision,
      );
      await stowage.find();
      const draft = openDraft(design.document);
      set({ draft, catalog, design: stateOf(design), opening: { kind: "done" } });
      loop.touch(draft);
      recover();
      joinRun().catch(complain);
    } catch (error) {
      set({ opening: { kind: "failed", why: describe(error) } });
    }
  }

  let warned = "";

  /** Says what the server warned of, once and not at each save. */
  function warn(warnings: readonly string[]): void {
    const text = warnings.join(". ");
    if (text && text !== warned) get().notify(text, "error");
    warned = text;
  }

  /** Brings back what a page that is closed could not save, as an edit; what the server has is let go. */
  function recover(): void {
    if (!saver || get().save.kind !== "saved") return;
    for (let unsaved = stowage.takeOver(); unsaved; unsaved = stowage.takeOver()) {
      const { document, base_revision } = unsaved;
      if (JSON.stringify(document) === JSON.stringify(toDocument(get().draft))) {
        stowage.keep(null);
        continue;
      }
      saver.resume(base_revision, true);
      get().edit("Recover unsaved changes", (draft) => openDraft(document, draft));
      return get().notify("Changes that could not be saved earlier are back");
    }
  }

  void (designId ? open() : read());
  return store;
}

function stateOf({ revision, version, is_changed, path, conflict, problem }: Design): DesignState {
  return { revision, version, is_changed, path, conflict, problem };
}

/** Browsers let requests of up to 64 KB outlive their page; what is larger is stowed in the browser. */
function isSmall(wanted: unknown): boolean {
  return JSON.stringify(wanted).length < 60_000;
}

type ProblemsOf = DesignerState["problemsOf"];

function problemsByStep(problems: readonly Problem[], before: ProblemsOf): ProblemsOf {
  const found: Record<StepId, readonly Problem[]> = {};
  for (const problem of problems) {
    if (problem.stepId !== null) found[problem.stepId] = [...(found[problem.stepId] ?? []), problem];
  }
  for (const id of Object.keys(found)) {
    const known = before[id];
    if (known && isSame(known, found[id])) found[id] = known;
  }
  return found;
}

/** The step whose rows the panel shows: the one that is selected, or that feeds the selected edge; null for several. */
export function shownStep({ draft, selection }: DesignerState): StepId | null {
  const { steps, items, edges } = selection;
  if (steps.size + edges.size !== 1 || items.size) return null;
  const [id] = steps;
  if (id !== undefined) return id in draft.steps ? id : null;
  return graphOf(draft).edges.find((edge) => edges.has(edge.id))?.source ?? null;
}

const DesignerContext = createContext<DesignerStore | null>(null);

/** Gives a designer's store to the components below. */
export function DesignerProvider(props: { store: DesignerStore; children: ReactNode }) {
  return createElement(DesignerContext.Provider, { value: props.store }, props.children);
}

/** The store itself, for handlers that read the state when something happens. */
export function useDesignerStore(): DesignerStore {
  const store = useContext(DesignerContext);
  if (!store) throw new Error("a component of the designer stands outside of it");
  return store;
}

/** A part of the state; the component renders anew when that part becomes another. */
export function useDesigner<T>(selector: (state: DesignerState) => T): T {
  return useStore(useDesignerStore(), selector);
}
