import { render, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, onTestFinished, vi } from "vitest";
import { createApi } from "../api";
import { idsByName, type StepId } from "../model/draft";
import { createDesigner, DesignerProvider, type DesignerState, type DesignerStore } from "../store";

/** A designer on the design d1 of the test's server, with a part of it on the page. */
export async function show(part: ReactNode): Promise<{ store: DesignerStore; state: () => DesignerState; id: (name: string) => StepId }> {
  const store = createDesigner(createApi({ api: "/api", token: "t" }), "d1");
  // A designer that goes on saving would send into the next test, which would find its edits as unsaved ones.
  onTestFinished(() => {
    vi.stubGlobal("fetch", () => new Promise(() => {}));
    store.getState().close();
    localStorage.clear();
  });
  await waitFor(() => expect(store.getState().opening.kind).toBe("done"));
  render(<DesignerProvider store={store}>{part}</DesignerProvider>);
  return { store, state: store.getState, id: (name) => idsByName(store.getState().draft).get(name)! };
}
