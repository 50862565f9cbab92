import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, describe, expect, test } from "vitest";
import { FormContext } from "./context";
import { Form } from "./Form";
import { problemsUnder, type FieldProblem } from "./problems";
import { fieldsOf, labelOf, type JsonSchema } from "./schema";

afterEach(cleanup);

let current: Record<string, unknown> = {};

function Held({ schema, start, problems }: { schema: JsonSchema; start: Record<string, unknown>; problems: FieldProblem[] }) {
  const [value, setValue] = useState(start);
  current = value;
  return <Form fields={fieldsOf(schema)} value={value} onChange={setValue} problems={problems} idPrefix="f" />;
}

function show(properties: Record<string, JsonSchema>, more: Partial<JsonSchema> = {}, start = {}, problems: FieldProblem[] = []) {
  const user = userEvent.setup();
  const inputs = { orders: [{ name: "id", type: "BIGINT" }, { name: "amount", type: "DOUBLE" }], customers: [{ name: "city", type: "VARCHAR" }] };
  render(
    <FormContext.Provider value={{ inputs, functions: [], parameters: [], secrets: [] }}>
      <Held schema={{ type: "object", properties, ...more }} start={start} problems={problems} />
    </FormContext.Provider>,
  );
  return user;
}

const nullable = (schema: JsonSchema, rest: JsonSchema = {}): JsonSchema => ({ anyOf: [schema, { type: "null" }], default: null, ...rest });

test("a date shows its default, as its field has no room for a hint", async () => {
  show({ since: { type: "string", format: "date", default: "2025-01-31" } });
  const since = screen.getByLabelText("Since");
  expect(since).toHaveValue("2025-01-31");
  expect(current).toEqual({});
});

describe("numbers", () => {
  const retries = { max_retries: nullable({ type: "integer", minimum: 0, maximum: 100 }, { description: "Tries after the first one." }) };

  test("are kept as numbers, and removed when emptied", async () => {
    const user = show(retries);
    const box = screen.getByRole("textbox", { name: "Max retries" });
    expect(box).toHaveAccessibleDescription("Tries after the first one.");
    await user.type(box, "12");
    expect(current).toEqual({ max_retries: 12 });
    await user.clear(box);
    expect(current).toEqual({});
  });

  test("out of their bounds are marked at the field with what is allowed", async () => {
    const user = show(retries);
    const box = screen.getByRole("textbox", { name: "Max retries" });
    await user.type(box, "101");
    expect(box).toHaveAttribute("aria-invalid", "true");
    expect(box).toHaveAccessibleDescription("Tries after the first one. Give 0 to 100.");
  });

  test("that are none stay as they were typed, and are marked", async () => {
    const user = show(retries);
    await user.type(screen.getByRole("textbox"), "many");
    expect(current).toEqual({ max_retries: "many" });
    expect(screen.getByText("Give a whole number.")).toBeTruthy();
  });

  test("may be placeholders that a run fills in", async () => {
    const user = show(retries);
    await user.type(screen.getByRole("textbox"), "{{tries}");
    expect(current).toEqual({ max_retries: "{tries}" });
    expect(screen.getByRole("textbox")).not.toHaveAttribute("aria-invalid");
  });

  test("can be typed with their decimal point", async () => {
    const user = show({ timeout_s: nullable({ type: "number", exclusiveMinimum: 0 }) });
    const box = screen.getByRole("textbox", { name: "Timeout (seconds)" });
    await user.type(box, "2.50");
    expect(box).toHaveValue("2.50");
    expect(current).toEqual({ timeout_s: 2.5 });
  });
});

describe("choices", () => {
  test("a boolean without a default has three states", async () => {
    const user = show({ cache: nullable({ type: "boolean" }) });
    const box = screen.getByRole("combobox", { name: "Cache" });
    expect(within(box).getAllByRole("option").map((option) => option.textContent)).toEqual(["Default", "Yes", "No"]);
    await user.selectOptions(box, "No");
    expect(current).toEqual({ cache: false });
    await user.selectOptions(box, "Default");
    expect(current).toEqual({});
  });

  test("a default is chosen by giving no value", async () => {
    const user = show({ header: { type: "boolean", default: true } });
    const box = screen.getByRole("combobox", { name: "Header" });
    expect(box).toHaveDisplayValue("Yes");
    await user.selectOptions(box, "No");
    expect(current).toEqual({ header: false });
    await user.selectOptions(box, "Yes");
    expect(current).toEqual({});
  });

  test("a boolean or a word is one list, with the kinds of its values kept", async () => {
    const user = show({ header: { anyOf: [{ type: "boolean" }, { const: "auto", type: "string" }], default: "auto" } });
    await user.selectOptions(screen.getByRole("combobox"), "No");
    expect(current).toEqual({ header: false });
    await user.selectOptions(screen.getByRole("combobox"), "Yes");
    expect(current).toEqual({ header: true });
  });

  test("an enumeration behind a reference is found, and a pattern of words is one", () => {
    show(
      { mode: { $ref: "#/$defs/Mode", default: "append" }, when: { type: "string", pattern: "^(manual|auto)$" } },
      { $defs: { Mode: { enum: ["append", "keep_aside"], description: "What happens." } } },
    );
    const options = screen.getAllByRole("option").map((option) => option.textContent);
    expect(options).toEqual(["append", "keep aside", "Default", "manual", "auto"]);
    expect(screen.getByText("What happens.")).toBeTruthy();
  });

  test("a value that is no choice is kept, shown and marked", () => {
    show({ mode: { enum: ["append", "merge"] } }, {}, { mode: "apend" });
    expect(screen.getByRole("combobox")).toHaveDisplayValue("apend");
    expect(screen.getByText("Choose one of append, merge.")).toBeTruthy();
  });

  test("line ends and tabs can be seen", () => {
    show({ line_end: { enum: ["\n", "\r\n"], default: "\n" } });
    expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["\\n", "\\r\\n"]);
  });
});

describe("texts", () => {
  test("show their default as a placeholder and say what is required", async () => {
    const user = show({ sep: { type: "string", default: ",", minLength: 1, maxLength: 1 }, name: { type: "string" } }, { required: ["name"] });
    const [sep] = screen.getAllByRole("textbox");
    expect(sep).toHaveAttribute("placeholder", ",");
    expect(screen.getByText("Fill this in.")).toBeTruthy();
    await user.type(sep!, "\\t");
    expect(current).toEqual({ sep: "\t" });
    expect(sep).toHaveValue("\\t");
  });

  test("whose default is a text can be made empty on purpose", async () => {
    const user = show({ quote: { type: "string", default: '"', maxLength: 1 } });
    await user.click(screen.getByRole("button", { name: "none" }));
    expect(current).toEqual({ quote: "" });
    await user.click(screen.getByRole("button", { name: "none" }));
    expect(current).toEqual({});
  });
});

describe("lists and maps", () => {
  test("a list of texts takes words one by one or all at once", async () => {
    const user = show({ null_values: { type: "array", items: { type: "string" }, default: [] } });
    const box = screen.getByRole("textbox", { name: "Null values" });
    await user.type(box, "NA{Enter}");
    await user.click(box);
    await user.paste("NULL, -");
    expect(current).toEqual({ null_values: ["NA", "NULL", "-"] });
    await user.click(screen.getByRole("button", { name: "Remove NULL" }));
    await user.type(box, "{Backspace}{Backspace}");
    expect(current).toEqual({});
  });

  test("a map keeps half typed rows to itself, and refuses a name twice", async () => {
    const user = show({ headers: { type: "object", additionalProperties: { type: "string" } } });
    await user.click(screen.getByRole("button", { name: "+ Add" }));
    await user.type(screen.getByRole("textbox", { name: "Name 1" }), "Accept");
    await user.type(screen.getByRole("textbox", { name: "Value of Accept" }), "text/csv");
    expect(current).toEqual({ headers: { Accept: "text/csv" } });
    await user.click(screen.getByRole("button", { name: "+ Add" }));
    await user.type(screen.getByRole("textbox", { name: "Name 2" }), "Accept");
    expect(screen.getByText("This name is there already.")).toBeTruthy();
    expect(current).toEqual({ headers: { Accept: "text/csv" } });
    await user.click(screen.getAllByRole("button", { name: "Remove Accept" })[1]!);
    await user.click(screen.getByRole("button", { name: "Remove Accept" }));
    expect(current).toEqual({});
  });

  test("rows of settings are added, moved and removed", async () => {
    const sort = { keys: { type: "array", items: { $ref: "#/$defs/Key" } } };
    const user = show(sort, { $defs: { Key: { type: "object", properties: { column: { type: "string", "x-widget": "column" } }, required: ["column"] } } });
    await user.click(screen.getByRole("button", { name: "+ Add key" }));
    await user.keyboard("id");
    await user.click(screen.getByRole("button", { name: "+ Add key" }));
    await user.keyboard("amount");
    expect(current).toEqual({ keys: [{ column: "id" }, { column: "amount" }] });
    await user.click(screen.getByRole("button", { name: "Move 2 up" }));
    expect(current).toEqual({ keys: [{ column: "amount" }, { column: "id" }] });
    await user.click(screen.getByRole("button", { name: "Remove 1" }));
    expect(current).toEqual({ keys: [{ column: "id" }] });
  });

  test("a value of two forms says which it is, and begins anew in the other", async () => {
    const user = show({ keys: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] } }, {}, { keys: ["a"] });
    expect(screen.getByRole("combobox", { name: "Form of Keys" })).toHaveDisplayValue("List");
    await user.selectOptions(screen.getByRole("combobox"), "Text");
    expect(current).toEqual({ keys: "" });
  });

  test("settings that hold settings of their own kind end", () => {
    const group: JsonSchema = { type: "object", properties: { inner: { type: "array", items: { $ref: "#/$defs/Group" } } } };
    show({ group: { $ref: "#/$defs/Group" } }, { $defs: { Group: group } });
    expect(screen.getByRole("button", { name: "+ Add inner" })).toBeTruthy();
  });
});

describe("widgets", () => {
  test("a column is chosen from the input that the field means, with its type", async () => {
    const user = show({ on: { type: "string", "x-widget": "column", "x-input": "customers" } });
    await user.click(screen.getByRole("combobox", { name: "On" }));
    expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["cityVARCHAR"]);
    await user.keyboard("{Enter}");
    expect(current).toEqual({ on: "city" });
  });

  test("columns are added one by one or all", async () => {
    const user = show({ keys: { type: "array", items: { type: "string" }, "x-widget": "columns", "x-input": "0" } });
    await user.click(screen.getByRole("combobox"));
    await user.keyboard("am{Enter}");
    expect(current).toEqual({ keys: ["amount"] });
    await user.click(screen.getByRole("button", { name: "Remove amount" }));
    await user.click(screen.getByRole("button", { name: "All" }));
    expect(current).toEqual({ keys: ["id", "amount"] });
  });

  test("a type may be another than those that are offered", async () => {
    const user = show({ to: { type: "string", "x-widget": "type" } });
    await user.type(screen.getByRole("combobox"), "DECIMAL(9,4)");
    expect(current).toEqual({ to: "DECIMAL(9,4)" });
  });
});

test("a field stands there only where the field it belongs to asks for it, or where it has a value", async () => {
  const bound: JsonSchema = { type: "string", default: "", "x-when": { operator: ["is between"] } };
  const user = show({ operator: { enum: ["equals", "is between"], default: "equals" }, upper: bound, lower: bound }, {}, { lower: "1" });
  expect(screen.queryByRole("textbox", { name: "Upper" })).toBeNull();
  expect(screen.getByRole("textbox", { name: "Lower" })).toHaveValue("1");
  await user.selectOptions(screen.getByRole("combobox"), "is between");
  expect(screen.getByRole("textbox", { name: "Upper" })).toBeVisible();
});

test("a value under the other name of its field is shown, and goes on under the field's own", async () => {
  const user = show({ sep: { type: "string", "x-alias": "delimiter" } }, {}, { delimiter: ";" });
  const box = screen.getByRole("textbox", { name: "Sep" });
  expect(box).toHaveValue(";");
  await user.type(box, ";");
  expect(current).toEqual({ sep: ";;" });
});

test("the server's problems stand at their fields, unless the form says it already", () => {
  const said = [
    { what: "no column amont", fix: "did you mean 'amount'?", field: "params.keys[1].column", severity: "error" as const },
    { what: "101 is too many", fix: "", field: "params.tries", severity: "error" as const },
  ].map((problem) => ({ ...problem, step: "", span: null, suggestions: [], place: "" }));
  const column = { type: "object", properties: { column: { type: "string" } } };
  show(
    { keys: { type: "array", items: column }, tries: { type: "integer", maximum: 100 } },
    {},
    { keys: [{ column: "id" }, { column: "amont" }], tries: 101 },
    problemsUnder(said, "params"),
  );
  const [first, second] = screen.getAllByRole("textbox", { name: "Column" });
  expect(first).not.toHaveAttribute("aria-invalid");
  expect(second).toHaveAccessibleDescription("no column amont did you mean 'amount'?");
  expect(screen.queryByText("101 is too many")).toBeNull();
  expect(screen.getByText("Give 100 or less.")).toBeTruthy();
});

test.each([
  ["retry_delay", "Retry Delay", "Retry delay"],
  ["partitionBy", "Partitionby", "Partition by"],
  ["request_timeout_s", "Request Timeout S", "Request timeout (seconds)"],
  ["schema", "Column Types", "Column types"],
  ["on", "Match on", "Match on"],
])("%s is called as people say it", (name, title, label) => expect(labelOf(name, title)).toBe(label));
