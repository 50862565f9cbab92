import { vi } from "vitest";
import type { Catalog, CheckAnswer, CheckRequest, Design, Document, StepForm } from "../messages";

export interface Call {
  method: string;
  path: string;
  body: unknown;
  signal: AbortSignal | null;
}

type Route = (call: Call) => unknown;

/** Answers the requests of a test at the network's edge, and keeps them. A route may give a promise; an Error is one that the server says. */
export function serve(routes: Record<string, Route>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (address: URL, options: RequestInit) => {
    const path = address.pathname.replace(/^.*\/api\//, "") + address.search;
    const method = options.method ?? "GET";
    const body = typeof options.body === "string" ? (JSON.parse(options.body) as unknown) : options.body;
    const call = { method, path, body, signal: options.signal ?? null };
    calls.push(call);
    const route = routes[`${method} ${path}`] ?? routes[`${method} ${path.split("?")[0]}`] ?? known[`${method} ${path.split("?")[0]}`];
    if (!route) throw new Error(`the test serves no ${method} ${path}`);
    const answer = await Promise.race([route(call), aborted(call.signal)]);
    if (answer instanceof Error) return Response.json({ what: answer.message, where: "", fix: "" }, { status: 400 });
    return Response.json(answer);
  });
  return calls;
}

function aborted(signal: AbortSignal | null): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(new DOMException("given up", "AbortError")));
  });
}

/** A step with what a test says of it. */
export function step(name: string, more: Partial<StepForm> = {}): StepForm {
  return { name, layer: "transform", type: "sql", engine: "", value: "", params: {}, inputs: {}, outputs: { data: name }, metadata: {}, expectations: [], ...more };
}

/** A design that holds some steps. */
export function designOf(steps: StepForm[], more: Partial<Document["pipeline"]> = {}): Design {
  const pipeline = { name: "sales", description: "", engine: "pandas", parameters: {}, settings: {}, steps, ...more };
  const layout = { positions: {}, groups: [], notes: [] };
  return { id: "d1", revision: 1, version: 1, is_changed: false, document: { pipeline, layout }, path: "pipelines/sales.yaml", conflict: 0, problem: "" };
}

export const emptyCatalog: Catalog = {
  kinds: [], formats: [], recipes: [], expectations: [], functions: [], sql_functions: [], pipeline_settings: {}, engines: ["pandas", "spark"], connections: [], secrets: [],
};

const known: Record<string, Route> = {
  "GET catalog": () => emptyCatalog,
  "POST check": ({ body }): CheckAnswer => ({ revision: (body as CheckRequest).revision, steps: {}, problems: [], elapsed_ms: 1 }),
  "GET runs": () => ({ runs: [], total: 0 }),
  "POST preview/ahead": () => ({ is_ready: true }),
  "PUT designs/d1": () => ({ revision: 2, is_kept: true, theirs: null, merged: null, author: "", warnings: [] }),
};
