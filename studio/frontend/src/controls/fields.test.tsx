import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { hasOwnUndo } from "../canvas/keys";
import { TextField } from "./TextField";
import { TitleField } from "./TitleField";

afterEach(cleanup);

function title() {
  const onCommit = vi.fn();
  render(<TitleField className="" label="Title" value="sales" minWidth={4} onCommit={onCommit} />);
  return { onCommit, field: screen.getByRole("textbox", { name: "Title" }), user: userEvent.setup() };
}

test("Escape takes a title's change back, and leaving the field then changes nothing", async () => {
  const { onCommit, field, user } = title();
  await user.type(field, "_2025{Escape}");
  await user.tab();
  expect(onCommit).not.toHaveBeenCalled();
  expect(field).toHaveValue("sales");
  await user.type(field, "_2026{Enter}");
  expect(onCommit).toHaveBeenCalledExactlyOnceWith("sales_2026");
});

test("a title that is left empty stays what it was", async () => {
  const { onCommit, field, user } = title();
  await user.clear(field);
  await user.tab();
  expect(onCommit).not.toHaveBeenCalled();
  expect(field).toHaveValue("sales");
});

test("undo goes to the page's list only once what was typed is in it", async () => {
  const user = userEvent.setup();
  const onKey = vi.fn();
  render(
    <div onKeyDown={(event) => event.key === "z" && onKey()}>
      <TextField id="name" label="Name" value="orders" onCommit={() => null} />
    </div>,
  );
  await user.type(screen.getByRole("textbox", { name: "Name" }), "_2");
  await user.keyboard("{Control>}z{/Control}");
  expect(onKey).not.toHaveBeenCalled();
  await user.keyboard("{Enter}{Control>}z{/Control}");
  expect(onKey).toHaveBeenCalledOnce();
});

test("text fields have an undo of their own; ticks and the SQL editor have none", () => {
  document.body.innerHTML =
    '<input id="text"><input id="search" type="search"><textarea id="area"></textarea><input id="tick" type="checkbox">' +
    '<div class="cm-editor"><div id="sql" contenteditable="true"></div><input id="find"></div>';
  const owners = [...document.querySelectorAll("[id]")].filter((target) => hasOwnUndo({ target })).map(({ id }) => id);
  expect(owners).toEqual(["text", "search", "area", "find"]);
  document.body.innerHTML = "";
});
