import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { AutosaveAnswer, AutosaveRequest, CopyRequest, Design, Diff, Version } from "../messages";
import { setField } from "../model/steps";
import type { DesignerState } from "../store";
import { designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { Dialogs } from "./Dialogs";
import { FilePicker } from "./FilePicker";
import { stepChanges } from "./differences";
import { localTime, sizeText, timeAgo } from "./times";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const orders = step("orders", { value: "SELECT 1" });
const total = step("total", { value: "SELECT 2", inputs: { orders: "orders" } });
const versions: Version[] = [
  { number: 1, author: "ann", message: "First", created: "2026-01-02T03:04:05Z", step_count: 1 },
  { number: 2, author: "bob", message: "", created: "2026-02-02T03:04:05Z", step_count: 2 },
];

function open(routes: Parameters<typeof serve>[0] = {}, design: Design = { ...designOf([orders, total]), version: 2, is_changed: true }) {
  const calls = serve({ "GET designs/d1": () => design, ...routes });
  return show(<Dialogs />).then((shown) => ({ ...shown, calls, user: userEvent.setup() }));
}

function diffOf(before: Design, after: Design): Diff {
  const steps = stepChanges(before.document, after.document);
  return { steps, fields: ["description"], text: "--- version 2\n+++ now\n-SELECT 2\n+SELECT 3\n", before: before.document, after: after.document };
}

test("the history shows the newest version against now: what changed, as graph and as text", async () => {
  const after = designOf([{ ...total, value: "SELECT 3" }, step("new")]);
  const { state, user, calls } = await open({
    "GET designs/d1/versions": () => versions,
    "GET designs/d1/diff": () => diffOf(designOf([orders, total]), after),
  });
  state().showDialog({ kind: "history" });
  const list = await screen.findByRole("list", { name: "Steps that differ" });
  expect(within(list).getAllByRole("listitem").map((item) => item.textContent?.replaceAll(/\s+/g, " "))).toEqual([
    "~Pipeline description",
    "~total value",
    "+new ",
    "−orders ",
  ]);
  expect(calls.find((call) => call.path.startsWith("designs/d1/diff"))?.path).toBe("designs/d1/diff?before=2&after=0");
  expect(within(screen.getByRole("img", { name: /as a graph/ })).getByText("orders").closest("g")).toHaveAttribute("data-change", "removed");
  await user.click(screen.getByRole("tab", { name: "Text" }));
  expect(await screen.findByText("+SELECT 3")).toHaveClass("cm-diff-added");
  await user.click(screen.getByRole("radio", { name: "Compare from version 1" }));
  await waitFor(() => expect(calls.at(-1)?.path).toBe("designs/d1/diff?before=1&after=0"));
});

test("without changes since the newest version the history shows what came with it", async () => {
  const { state, calls } = await open(
    { "GET designs/d1/versions": () => versions, "GET designs/d1/diff": () => diffOf(designOf([orders]), designOf([orders, total])) },
    { ...designOf([orders, total]), version: 2, is_changed: false },
  );
  state().showDialog({ kind: "history" });
  await screen.findByRole("list", { name: "Steps that differ" });
  expect(calls.map(({ path }) => path).filter((path) => path.includes("diff"))).toEqual(["designs/d1/diff?before=1&after=2"]);
});

test("what changed can be marked on the canvas", async () => {
  const { state, user, id } = await open({
    "GET designs/d1/versions": () => versions,
    "GET designs/d1/diff": () => diffOf(designOf([orders]), designOf([orders, total])),
  });
  state().showDialog({ kind: "history" });
  await user.click(await screen.findByRole("button", { name: "Mark on the canvas" }));
  expect(state().marks).toEqual({ [id("total")]: "added" });
  expect(state().dialog).toBeNull();
});

test("a version is restored as a new one, and undo goes back before it", async () => {
  const restored: Design = { ...designOf([orders]), revision: 9, version: 3 };
  const { state, user } = await open({
    "GET designs/d1/versions": () => versions,
    "GET designs/d1/diff": () => diffOf(designOf([orders]), designOf([orders, total])),
    "POST designs/d1/restore": () => restored,
  });
  state().showDialog({ kind: "history" });
  await user.click((await screen.findAllByRole("button", { name: "Restore" })).at(-1)!);
  await waitFor(() => expect(state().dialog).toBeNull());
  expect(state().draft.order).toHaveLength(1);
  expect(state().design).toMatchObject({ revision: 9, version: 3 });
  state().undo();
  expect(state().draft.order).toHaveLength(2);
});

test("without a version the history says what one is for, and offers to save the first", async () => {
  const { state, user } = await open({ "GET designs/d1/versions": () => [] }, { ...designOf([orders]), version: 0 });
  state().showDialog({ kind: "history" });
  await user.click(await screen.findByRole("button", { name: "Save the first version" }));
  expect(state().dialog).toEqual({ kind: "version" });
});

test("a version keeps the last keystroke: what is unsaved is sent first", async () => {
  const { state, user, calls, id } = await open({ "POST designs/d1/versions": () => ({ ...versions[0], number: 3 }) });
  state().edit("type", setField(id("total"), ["value"], "SELECT 42"));
  state().showDialog({ kind: "version" });
  await user.type(await screen.findByRole("textbox", { name: "What has changed, and why" }), "Answer");
  await user.click(screen.getByRole("button", { name: "Save version 3" }));
  await waitFor(() => expect(state().dialog).toBeNull());
  const sent = calls.filter((call) => call.method !== "GET" && call.path !== "check");
  expect(sent.map((call) => `${call.method} ${call.path}`)).toEqual(["PUT designs/d1", "POST designs/d1/versions"]);
  expect((sent[0]!.body as AutosaveRequest).document.pipeline.steps[1]?.value).toBe("SELECT 42");
  expect(sent[1]!.body).toEqual({ revision: 2, message: "Answer" });
  expect(state().design).toMatchObject({ version: 3, is_changed: false });
});

test("a version that the server refuses keeps the message that was typed", async () => {
  const { state, user } = await open({ "POST designs/d1/versions": () => new Error("the disk is full") });
  state().showDialog({ kind: "version" });
  await user.type(await screen.findByRole("textbox"), "Answer");
  await user.click(screen.getByRole("button", { name: /Save version/ }));
  expect(await screen.findByRole("alert")).toHaveTextContent("the disk is full");
  expect(screen.getByRole("textbox")).toHaveValue("Answer");
});

test("an export is shown before it is taken, and changes with its tab", async () => {
  const { state, user } = await open({
    "GET designs/d1/export?form=yaml": () => ({ file_name: "sales.yaml", text: "name: sales\n" }),
    "GET designs/d1/export?form=python": () => ({ file_name: "sales.py", text: "steps = []\n" }),
  });
  state().showDialog({ kind: "export", form: "yaml" });
  expect(await screen.findByRole("textbox", { name: "The file sales.yaml" })).toHaveTextContent("name: sales");
  await user.click(screen.getByRole("tab", { name: "Python" }));
  expect(await screen.findByRole("textbox", { name: "The file sales.py" })).toHaveTextContent("steps = []");
});

test("an import that fails says where in the file and why; one that works leads to the new pipeline", async () => {
  let isWrong = true;
  const fault = { what: "there is no format 'cvs'", place: "sales.yaml:12:5", fix: "did you mean 'csv'?", severity: "error", step: "", field: "", span: null, suggestions: [] };
  const { state, user } = await open({ "POST import": () => (isWrong ? { design: null, problems: [fault] } : { design: { ...designOf([orders]), id: "d2" }, problems: [] }) });
  state().showDialog({ kind: "import" });
  await screen.findByRole("dialog", { name: "Import a pipeline" });
  const chooser = document.querySelector<HTMLInputElement>("input[type=file]")!;
  await user.upload(chooser, new File(["steps: []"], "sales.yaml"));
  expect(await screen.findByRole("alert")).toHaveTextContent("sales.yaml:12:5 there is no format 'cvs' did you mean 'csv'?");
  isWrong = false;
  await user.upload(chooser, new File(["steps: []"], "sales.yaml"));
  expect(await screen.findByRole("link", { name: "Open sales" })).toHaveAttribute("href", expect.stringContaining("design=d2"));
  expect(screen.queryByRole("alert")).toBeNull();
});

/** Answers autosaves as the server does where bob has changed the step total: `mine` may touch any other. */
function bobsServer(theirs = designOf([orders, { ...total, value: "SELECT 'theirs'" }]).document) {
  return ({ body }: { body: unknown }): AutosaveAnswer => {
    const { base_revision, document } = body as AutosaveRequest;
    if (base_revision >= 5) return { revision: base_revision + 1, is_kept: true, theirs: null, merged: null, author: "", warnings: [] };
    const [first, second, ...more] = document.pipeline.steps;
    const steps = [first!, theirs.pipeline.steps[1]!, ...more];
    const merged = second?.value === total.value ? { ...document, pipeline: { ...document.pipeline, steps } } : null;
    return { revision: 5, is_kept: false, theirs, merged, author: "bob", warnings: [] };
  };
}

const values = ({ draft }: DesignerState) => draft.order.map((id) => draft.steps[id]!.value);

test("a conflict shows both sides, is put off, and then takes both changes, those of meanwhile too", async () => {
  const { state, user, id } = await open({ "PUT designs/d1": bobsServer() });
  state().edit("mine", setField(id("orders"), ["value"], "SELECT 'mine'"));
  const dialog = await screen.findByRole("dialog", { name: "Two browsers have changed this pipeline" });
  expect(within(dialog).getByRole("row", { name: "orders other value other value" })).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Decide later" }));
  state().edit("more of mine", setField(id("orders"), ["value"], "SELECT 'later'"));
  await user.click(screen.getByRole("button", { name: "Decide" }));
  await user.click(screen.getByRole("button", { name: "Keep both sides’ changes" }));
  await waitFor(() => expect(state().save.kind).toBe("saved"));
  expect(values(state())).toEqual(["SELECT 'later'", "SELECT 'theirs'"]);
});

test("a conflict that later edits carried into the same step cannot be merged any more, and says so", async () => {
  const { state, user, id } = await open({ "PUT designs/d1": bobsServer() });
  state().edit("mine", setField(id("orders"), ["value"], "SELECT 'mine'"));
  await user.click(await screen.findByRole("button", { name: "Decide later" }));
  state().edit("more of mine", setField(id("total"), ["value"], "SELECT 'later'"));
  await user.click(screen.getByRole("button", { name: "Decide" }));
  await user.click(screen.getByRole("button", { name: "Keep both sides’ changes" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("By now both have changed the same steps.");
  expect(screen.getByRole("radio", { name: /Keep mine as a copy/ })).toBeChecked();
  expect(values(state())).toEqual(["SELECT 'mine'", "SELECT 'later'"]);
});

test("my side of a conflict becomes a pipeline whose name the server chooses", async () => {
  const { state, user, id, calls } = await open({
    "PUT designs/d1": bobsServer(),
    "POST designs/d1/copies": () => ({ ...designOf([orders], { name: "sales_copy_2" }), id: "d2" }),
  });
  state().edit("mine", setField(id("total"), ["value"], "SELECT 'mine'"));
  await user.click(await screen.findByRole("button", { name: "Keep mine as a copy" }));
  await waitFor(() => expect(state().save.kind).toBe("saved"));
  expect(values(state())).toEqual(["SELECT 1", "SELECT 'theirs'"]);
  expect(state().notices.map((notice) => notice.text)).toContain("Your changes are kept as sales_copy_2");
  const sent = calls.find((call) => call.path === "designs/d1/copies")?.body as CopyRequest;
  expect(sent.document.pipeline.steps[1]?.value).toBe("SELECT 'mine'");
});

test("a file that was changed outside is settled as the person says", async () => {
  const settled = { ...designOf([orders]), revision: 7 };
  const { state, user, calls } = await open({ "POST designs/d1/resolve": () => settled }, { ...designOf([orders, total]), conflict: 2 });
  expect(await screen.findByText(/pipelines\/sales.yaml was changed by an editor/)).toBeVisible();
  await user.click(screen.getByRole("radio", { name: /Take the file/ }));
  await user.click(screen.getByRole("button", { name: "Take the file" }));
  await waitFor(() => expect(state().design.conflict).toBe(0));
  expect(calls.find((call) => call.path === "designs/d1/resolve")?.body).toEqual({ take: "file" });
});

test("nothing is restored or settled over changes that the server does not have", async () => {
  const refuse = () => new Error("the disk is full");
  const { state, user, id, calls } = await open({
    "PUT designs/d1": refuse,
    "GET designs/d1/versions": () => versions,
    "GET designs/d1/diff": () => diffOf(designOf([orders]), designOf([orders, total])),
  }, { ...designOf([orders, total]), version: 2, is_changed: true, conflict: 2 });
  state().edit("type", setField(id("total"), ["value"], "SELECT 42"));
  await user.click(await screen.findByRole("button", { name: "Keep both sides’ changes" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The last changes could not be kept on the server yet.");
  state().showDialog({ kind: "history" });
  await waitFor(() => expect(screen.getByRole("alert")).toHaveTextContent("What is compared is without them."));
  await user.click((await screen.findAllByRole("button", { name: "Restore" })).at(-1)!);
  await waitFor(() => expect(screen.getByRole("alert")).toHaveTextContent(/^The last changes could not be kept on the server yet.$/));
  expect(calls.filter((call) => /resolve|restore/.test(call.path))).toEqual([]);
  expect(values(state())[1]).toBe("SELECT 42");
});

test("what is edited while a version is made counts as changed since", async () => {
  let answer: (version: Version) => void = () => {};
  const { state, user, id } = await open({
    "POST designs/d1/versions": () => new Promise<Version>((resolve) => (answer = resolve)),
  });
  state().showDialog({ kind: "version" });
  await user.click(await screen.findByRole("button", { name: "Save version 3" }));
  state().edit("type", setField(id("total"), ["value"], "SELECT 42"));
  answer({ ...versions[0]!, number: 3 });
  await waitFor(() => expect(state().design.version).toBe(3));
  expect(state().design.is_changed).toBe(true);
});

test("Escape closes a dialog", async () => {
  const { state } = await open({ "GET designs/d1/versions": () => versions, "GET designs/d1/diff": () => diffOf(designOf([orders]), designOf([total])) });
  state().showDialog({ kind: "history" });
  const dialog = await screen.findByRole("dialog", { name: "History" });
  dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
  await waitFor(() => expect(state().dialog).toBeNull());
});

test("keys that are pressed in a dialog do not reach what lies behind it", async () => {
  const onKey = vi.fn();
  serve({ "GET designs/d1": () => designOf([orders]) });
  const { state } = await show(
    <div onKeyDown={onKey}>
      <Dialogs />
    </div>,
  );
  state().showDialog({ kind: "version" });
  const message = await screen.findByRole("textbox", { name: "What has changed, and why" });
  await userEvent.setup().type(message, "Answer{Control>}z{/Control}");
  expect(message).toHaveFocus();
  expect(onKey).not.toHaveBeenCalled();
});

test("a file is found by going through folders, and a new one is named in the folder that is shown", async () => {
  const entry = (path: string, is_folder = false) => ({ path, is_folder, size_bytes: 1_234, modified: "2026-01-02T03:04:05Z" });
  serve({
    "GET designs/d1": () => designOf([]),
    "GET files?path=": () => ({ path: "", entries: [entry("readme.md"), entry("data", true)] }),
    "GET files?path=data": () => ({ path: "data", entries: [entry("data/orders.csv"), entry("data/more.csv")] }),
  });
  const onChoose = vi.fn();
  const user = userEvent.setup();
  await show(<FilePicker title="Write to" start="orders.csv" isNew onChoose={onChoose} onClose={() => {}} />);
  await user.click(await screen.findByRole("button", { name: /^data/ }));
  await user.type(screen.getByRole("searchbox"), "more");
  await waitFor(() => expect(screen.queryByText("orders.csv")).toBeNull());
  await user.click(await screen.findByRole("button", { name: /more.csv/ }));
  await user.click(screen.getByRole("button", { name: "Write to data/more.csv" }));
  expect(onChoose).toHaveBeenCalledWith("data/more.csv");
});

test("times and sizes read as people say them", () => {
  expect(timeAgo("2026-01-02T03:00:00Z", Date.parse("2026-01-02T03:05:00Z"))).toBe("5 minutes ago");
  expect(timeAgo("2026-01-01T03:00:00Z", Date.parse("2026-01-02T03:05:00Z"))).toBe("yesterday");
  expect(localTime("no time")).toBe("no time");
  expect([sizeText(512), sizeText(3_400_000), sizeText(12_000)]).toEqual(["512 B", "3.4 MB", "12 kB"]);
});
