import { beforeEach, expect, it } from "vitest";
import { guardKeys } from "./hotkeys";

let heard: string[];
let canvas: HTMLElement;

beforeEach(() => {
  document.body.innerHTML = '<div id="host"><main class="canvas" tabindex="0"></main></div><p id="outside">outside</p>';
  const host = document.querySelector<HTMLElement>("#host")!;
  canvas = document.querySelector("main")!;
  heard = [];
  const listen = (event: KeyboardEvent) => heard.push(event.key);
  document.addEventListener("keydown", listen);
  const stop = guardKeys(host);
  return () => {
    stop();
    document.removeEventListener("keydown", listen);
  };
});

const press = (target: EventTarget, key: string) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
const point = (target: EventTarget) => target.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));

it("keys that Streamlit listens for stay in the designer, others go on", () => {
  for (const key of ["r", "C", "x"]) press(canvas, key);
  expect(heard).toEqual(["x"]);
});

it("keys that got lost go to the canvas also where the person came to the designer by keyboard", () => {
  const got: string[] = [];
  canvas.addEventListener("keydown", (event) => got.push(event.key));
  canvas.focus();
  canvas.blur();
  press(document.body, "Delete");
  expect(got).toEqual(["Delete"]);
});

it("keys that got lost on the body go to the canvas, where the person was last", () => {
  const got: string[] = [];
  canvas.addEventListener("keydown", (event) => got.push(event.key));
  press(document.body, "Delete");
  expect(got).toEqual([]);
  point(canvas);
  press(document.body, "c");
  expect(got).toEqual(["c"]);
  expect(document.activeElement).toBe(canvas);
  point(document.querySelector("#outside")!);
  press(document.body, "c");
  expect(got).toEqual(["c"]);
});
