import type { Document, StepForm } from "../messages";
import { type Draft, idsByName, openDraft, type StepId } from "../model/draft";
import { step } from "./server";

/** A step that reads a file. */
export function source(name: string): StepForm {
  return step(name, { layer: "ingest", type: "config_op", value: `data/${name}.csv`, params: { source_type: "csv" } });
}

/** A step that writes a file. */
export function store(name: string, dataset: string): StepForm {
  return step(name, { layer: "store", type: "config_op", inputs: { data: dataset }, outputs: {}, params: { format: "parquet" } });
}

/** A document of steps that lie in a row. */
export function documentOf(...steps: StepForm[]): Document {
  const positions = Object.fromEntries(steps.map(({ name }, at) => [name, { x: at * 300, y: 0 }]));
  return {
    pipeline: { name: "sales", description: "", engine: "pandas", parameters: {}, settings: {}, steps },
    layout: { positions, groups: [], notes: [] },
  };
}

/** A draft of steps that lie in a row, and a function from names to ids. */
export function draftOf(...steps: StepForm[]): { draft: Draft; id: (name: string) => StepId } {
  const draft = openDraft(documentOf(...steps));
  return { draft, id: (name) => idOf(draft, name) };
}

/** orders and customers are joined; the join is stored. */
export function joinedSales() {
  return draftOf(
    source("orders"),
    source("customers"),
    step("joined", {
      value: "SELECT * FROM orders JOIN customers USING (customer_id) -- orders first",
      inputs: { orders: "orders", customers: "customers" },
    }),
    store("save", "joined"),
  );
}

/** The id of the step of a name. */
export function idOf(draft: Draft, name: string): StepId {
  const id = idsByName(draft).get(name);
  if (id === undefined) throw new Error(`no step is called ${name}`);
  return id;
}

/** The step of a name. */
export function stepNamed(draft: Draft, name: string): StepForm {
  return draft.steps[idOf(draft, name)] as StepForm;
}
