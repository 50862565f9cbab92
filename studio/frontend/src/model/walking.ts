import type { Draft } from "./draft";
import type { Rect } from "./placing";
import { FOLD_PORT, FRAME_TITLE, middleOf, type Scene, type Thing, type Wire } from "./scene";
import type { Selection } from "./selection";

export type Direction = "left" | "right" | "up" | "down";

/**
 * What an arrow key goes to on the canvas; null where there is nothing.
 *
 * From a step, left and right go along edges where there are any, up and down to the nearest step, note or frame. From
 * an edge, left and right go to the steps at its ends, up and down to the nearest edge.
 */
export function neighbour(scene: Scene, from: string, direction: Direction): string | null {
  const wire = scene.wires.find(({ id }) => id === from);
  if (wire) return besideWire(scene, wire, direction);
  const start = scene.things.find(({ id }) => id === from);
  if (!start) return null;
  if (direction === "left" || direction === "right") {
    const along = wiresOf(scene, from)[direction].map(({ source, target }) => (direction === "left" ? source : target));
    if (along.length) return nearest(start, scene.things.filter(({ id }) => along.includes(id)));
  }
  return nearest(start, scene.things.filter((thing) => thing !== start && isTowards(holdOf(start), holdOf(thing), direction)));
}

function besideWire(scene: Scene, wire: Wire, direction: Direction): string | null {
  if (direction === "left") return wire.source;
  if (direction === "right") return wire.target;
  const start = middleOfWire(wire);
  const isUp = direction === "up";
  const others = selectable(scene).filter(({ id }) => id !== wire.id);
  const there = others.filter((other) => (isUp ? middleOfWire(other).y < start.y : middleOfWire(other).y > start.y));
  return least(there, (other) => distance(start, middleOfWire(other)))?.id ?? null;
}

/** The edge behind `current` around a thing, its inputs first; the first one where none of them is current. */
export function nextWire(scene: Scene, around: string, current: string | null, by: 1 | -1): string | null {
  const { left, right } = wiresOf(scene, around);
  const ids = [...left, ...right].filter(isSelectable).map(({ id }) => id);
  const at = current === null ? -1 : ids.indexOf(current);
  const next = at < 0 ? (by === 1 ? 0 : ids.length - 1) : (at + by + ids.length) % ids.length;
  return ids[next] ?? null;
}

/** What the selection ends at, as it is drawn: of a step that is folded away, its group. Null where nothing is selected. */
export function cursorOf(draft: Draft, { steps, items, edges }: Selection): string | null {
  const step = [...steps].at(-1);
  if (step === undefined) return [...items].at(-1) ?? [...edges].at(-1) ?? null;
  return draft.groups.find((group) => group.isCollapsed && group.steps.includes(step))?.id ?? step;
}

/** Where an edge is in the middle. */
export function middleOfWire({ from, to }: Wire): { x: number; y: number } {
  return { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
}

function wiresOf({ wires }: Scene, id: string): { left: Wire[]; right: Wire[] } {
  return { left: wires.filter(({ target }) => target === id), right: wires.filter(({ source }) => source === id) };
}

function selectable({ wires }: Scene): Wire[] {
  return wires.filter(isSelectable);
}

function isSelectable({ sourcePort, targetPort }: Wire): boolean {
  return sourcePort !== FOLD_PORT && targetPort !== FOLD_PORT;
}

/** Where a thing is taken hold of: a frame by its title, or it would lie around all its steps. */
export function holdOf({ kind, rect }: Thing): Rect {
  return kind === "frame" ? { ...rect, height: FRAME_TITLE } : rect;
}

function isTowards(from: Rect, to: Rect, direction: Direction): boolean {
  const [start, end] = [middleOf(from), middleOf(to)];
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  if (direction === "up" || direction === "down") {
    return (direction === "up" ? dy < 0 : dy > 0) && Math.abs(dx) <= Math.max(Math.abs(dy), from.width, to.width);
  }
  return (direction === "left" ? dx < 0 : dx > 0) && Math.abs(dy) <= Math.abs(dx);
}

function nearest(start: Thing, things: readonly Thing[]): string | null {
  const middle = middleOf(holdOf(start));
  return least(things, (thing) => distance(middle, middleOf(holdOf(thing))))?.id ?? null;
}

function distance(one: { x: number; y: number }, other: { x: number; y: number }): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function least<T>(all: readonly T[], measure: (one: T) => number): T | null {
  return [...all].sort((one, other) => measure(one) - measure(other))[0] ?? null;
}
