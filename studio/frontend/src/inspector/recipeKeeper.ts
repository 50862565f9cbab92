import { useEffect, useRef } from "react";
import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import { describe, isAborted } from "../api";
import type { Column, ErrorAnswer, ProblemForm, StepForm } from "../messages";
import type { StepId } from "../model/draft";
import { recipeOf } from "../model/kinds";
import { changeStep } from "../model/steps";
import { useDesignerStore, type DesignerState, type DesignerStore } from "../store";

/** What the form of a step makes. */
export interface RecipeView {
  sql: string;
  problems: readonly ProblemForm[];
  /** Why the server gave none. */
  failure: ErrorAnswer | null;
  isAsking: boolean;
}

/** What a form's SQL depends on. */
interface Wish {
  readonly recipe: string;
  readonly settings: Record<string, unknown>;
  /** Input → its columns; null where they are not known. */
  readonly inputs: Record<string, Column[] | null>;
  readonly engine: string;
}

type Views = Readonly<Record<StepId, RecipeView>>;

const NOTHING_YET: RecipeView = { sql: "", problems: [], failure: null, isAsking: false };

/** Keeps the SQL of self-service steps what their forms make, selected or not, as settings and columns change. */
export class RecipeKeeper {
  readonly views = createStore<Views>()(() => ({}));
  /** What was asked for last. */
  private readonly wishes = new Map<StepId, string>();
  /** What the SQL of a step that was there when the designer opened would come from, until that is looked up. */
  private readonly firsts = new Map<StepId, Wish>();
  private readonly requests = new Map<StepId, AbortController>();
  /** Every SQL that a form made, as undo brings old ones back. Any other is a person's, or another program's. */
  private readonly made = new Map<StepId, Set<string>>();

  constructor(private readonly store: DesignerStore) {}

  /** Follows the designer until the function that it gives is called. */
  follow(): () => void {
    const stop = this.store.subscribe((state, before) => {
      const isOther = state.draft !== before.draft || state.truth !== before.truth || state.selection !== before.selection;
      if (isOther) this.look(state);
    });
    this.look(this.store.getState());
    return () => {
      stop();
      for (const request of this.requests.values()) request.abort();
    };
  }

  /** Puts the form's SQL in the place of what a person or another program wrote there. */
  restore(id: StepId): void {
    const { sql } = this.views.getState()[id] ?? NOTHING_YET;
    if (!sql) return;
    this.note(id, sql);
    this.store.getState().edit("Take the form's SQL", changeStep(id, (step) => ({ ...step, value: sql })));
  }

  private look(state: DesignerState): void {
    for (const id of state.draft.order) {
      const step = state.draft.steps[id];
      const recipe = step && recipeOf(step);
      if (!step || !recipe) continue;
      const wish: Wish = { recipe: recipe.name, settings: recipe.settings, inputs: columnsOf(state, id, step), engine: engineOf(state, step) };
      const text = JSON.stringify(wish);
      const asked = this.wishes.get(id);
      if (text === asked) continue;
      // Of a step that was there when the designer opened, only a look or a change needs the answer.
      if (asked === undefined && step.value !== "" && !state.selection.steps.has(id)) {
        const first = this.firsts.get(id);
        const known = first ? withKnown(wish, first) : wish;
        if (!first || JSON.stringify(withKnown(first, wish)) === JSON.stringify(known)) {
          this.firsts.set(id, known);
          continue;
        }
      }
      this.wishes.set(id, text);
      void this.ask(id, step, wish);
    }
  }

  private async ask(id: StepId, step: StepForm, wish: Wish): Promise<void> {
    const { inputs } = wish;
    this.requests.get(id)?.abort();
    const request = new AbortController();
    this.requests.set(id, request);
    this.tell(id, { isAsking: true });
    try {
      const { recipe } = this.store.getState().api;
      const first = this.firsts.get(id);
      // Whether the SQL that was there is the form's own, shows what the form made before the change.
      if (first && JSON.stringify(first) !== JSON.stringify(wish)) this.note(id, (await recipe(first, request.signal)).sql);
      const isOurs = step.value === "" || this.made.get(id)?.has(String(step.value)) === true;
      const { sql, problems } = await recipe(wish, request.signal);
      this.firsts.delete(id);
      this.tell(id, { sql, problems, failure: null, isAsking: false });
      this.note(id, sql);
      // A form that waits for an answer makes nothing: its last SQL would run as if nothing had been asked for. Where
      // a column of an input cannot be known for now, the SQL stays: the form did not change.
      if (isOurs && (sql || Object.values(inputs).every(Boolean))) this.put(id, sql, step.value);
    } catch (error) {
      if (!isAborted(error)) this.tell(id, { failure: describe(error), isAsking: false });
    }
  }

  /** Nobody did this, so it is no entry of its own in the undo list. */
  private put(id: StepId, sql: string, before: unknown): void {
    const { draft, arrange } = this.store.getState();
    const now = draft.steps[id];
    if (!now || now.value !== before) return;
    const isSpark = engineOf({ draft }, now) === "spark";
    // Forms write DuckDB's SQL: Spark would take a name in double quotes for a text.
    const given = (params: StepForm["params"]) => (isSpark && !("dialect" in params) ? { ...params, dialect: "duckdb" } : params);
    const isSame = sql === before && given(now.params) === now.params;
    if (!isSame) arrange(changeStep(id, (step) => ({ ...step, value: sql, params: given(step.params) })));
  }

  private note(id: StepId, sql: string): void {
    this.made.set(id, (this.made.get(id) ?? new Set()).add(sql));
  }

  private tell(id: StepId, news: Partial<RecipeView>): void {
    this.views.setState((views) => ({ ...views, [id]: { ...(views[id] ?? NOTHING_YET), ...news } }));
  }
}

/** A wish with the columns of another where its own are not known. */
function withKnown(wish: Wish, other: Wish): Wish {
  const inputs = Object.entries(wish.inputs).map(([input, columns]) => [input, columns ?? other.inputs[input] ?? null]);
  return { ...wish, inputs: Object.fromEntries(inputs) as Wish["inputs"] };
}

/** The columns of a step's inputs in the step's order; null where they are not known yet. */
export function columnsOf(state: Pick<DesignerState, "truth">, id: StepId, step: StepForm): Record<string, Column[] | null> {
  const known = state.truth.steps[id]?.inputs ?? {};
  return Object.fromEntries(Object.keys(step.inputs).map((input) => [input, known[input] ?? null]));
}

/** The engine that a step runs on. */
function engineOf({ draft }: Pick<DesignerState, "draft">, step: StepForm): string {
  return step.engine || draft.head.engine;
}

const keepers = new WeakMap<DesignerStore, RecipeKeeper>();

function keeperOf(store: DesignerStore): RecipeKeeper {
  const known = keepers.get(store) ?? new RecipeKeeper(store);
  keepers.set(store, known);
  return known;
}

/** Lets the keeper of the designer work as long as the component is there. */
export function useRecipeKeeper(): void {
  const store = useDesignerStore();
  useEffect(() => keeperOf(store).follow(), [store]);
}

/** What the form of a step makes, and the keeper. */
export function useRecipe(id: StepId): [RecipeView, RecipeKeeper] {
  const keeper = useRef(keeperOf(useDesignerStore())).current;
  return [useStore(keeper.views, (views) => views[id] ?? NOTHING_YET), keeper];
}
