import { EditorView } from "@codemirror/view";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { emptyCatalog, serve } from "../testing/server";
import { QueryEditor, type Told } from "./QueryEditor";

afterEach(cleanup);

const told: Told = {
  api: "/api",
  token: "t",
  sql: "SELECT * FROM sales",
  revision: 0,
  insertion: [0, ""],
  datasets: ["sales", "stores"],
};

function show() {
  const calls = serve({
    "GET catalog": () => emptyCatalog,
    "GET datasets/columns": () => ({ columns: [{ name: "amount", type: "DOUBLE" }] }),
    "POST sql/format": () => ({ sql: "SELECT\n  *\nFROM sales", warnings: [], problem: null }),
  });
  const host = document.createElement("div");
  const heard = { onText: vi.fn(), onRun: vi.fn() };
  const part = (now: Told) => <QueryEditor told={now} host={host} {...heard} />;
  const { rerender } = render(part(told));
  const content = screen.getByRole("textbox", { name: "SQL" });
  const view = EditorView.findFromDOM(content)!;
  const type = (text: string) => act(() => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length } }));
  return { calls, heard, content, view, type, tell: (more: Partial<Told>) => rerender(part({ ...told, ...more })) };
}

test("the page hears of the text when the editor is left, once", () => {
  const { heard, content, type } = show();
  type("SELECT 1");
  expect(heard.onText).not.toHaveBeenCalled();
  fireEvent.blur(content);
  fireEvent.blur(content);
  expect(heard.onText.mock.calls).toEqual([["SELECT 1"]]);
});

test("Ctrl-Enter has the text asked as it stands", () => {
  const { heard, content, type } = show();
  type("SELECT 2");
  fireEvent.keyDown(content, { key: "Enter", ctrlKey: true });
  fireEvent.blur(content);
  expect(heard.onRun.mock.calls).toEqual([["SELECT 2"]]);
  expect(heard.onText).not.toHaveBeenCalled();
});

test("a rerun of the page leaves the text alone, another query takes its place", () => {
  const { view, type, tell } = show();
  type("SELECT 3");
  tell({ sql: "SELECT * FROM sales" });
  expect(view.state.doc.toString()).toBe("SELECT 3");
  tell({ sql: "SELECT * FROM stores", revision: 1 });
  expect(view.state.doc.toString()).toBe("SELECT * FROM stores");
});

test("a name goes to where the cursor is, once", () => {
  const { view, type, tell } = show();
  type("SELECT FROM sales");
  act(() => view.dispatch({ selection: { anchor: 6 } }));
  tell({ insertion: [1, "amount"] });
  tell({ insertion: [1, "amount"] });
  expect(view.state.doc.toString()).toBe("SELECT amount FROM sales");
});

test("the columns of what the text names are asked for, once", async () => {
  const { calls, type } = show();
  type("SELECT amount FROM SALES");
  type("SELECT amount FROM sales, 'stores'");
  await waitFor(() => expect(calls.filter((call) => call.path.startsWith("datasets")).map((call) => call.path)).toEqual(["datasets/columns?name=sales"]));
});

test("the text is formatted, and what the person did is undone by their own keys", async () => {
  const { content, view } = show();
  fireEvent.keyDown(content, { key: "F", code: "KeyF", keyCode: 70, altKey: true, shiftKey: true });
  await waitFor(() => expect(view.state.doc.toString()).toBe("SELECT\n  *\nFROM sales"));
  fireEvent.keyDown(content, { key: "z", ctrlKey: true });
  expect(view.state.doc.toString()).toBe("SELECT * FROM sales");
});
