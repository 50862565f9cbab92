import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef } from "react";
import { moved, momentAt, type Range, wheelFactor, zoomed } from "./range";
import type { View } from "./view";

const KEY_FACTOR = 0.7;
const KEY_SHARE = 0.15;

interface Held {
  readonly x: number;
  readonly y: number;
  readonly range: Range;
  readonly top: number;
}

/** What the gestures act upon. */
export interface Stage {
  /** All that is drawn, from the names of the steps to the last chart. */
  readonly panels: RefObject<HTMLDivElement | null>;
  /** What scrolls the steps. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** Where the pictures begin, and how wide they are, in pixels. */
  readonly left: number;
  readonly width: number;
  readonly shown: Range;
  readonly whole: Range;
  readonly change: (part: Partial<View>) => void;
  /** Tells of the moment under the pointer; null: it is elsewhere. */
  readonly point: (x: number | null) => void;
}

/** Zoom by wheel and keys, move by drag and keys, all of it by a double click. */
export function useGestures(stage: Stage) {
  const now = useRef(stage);
  now.current = stage;
  const held = useRef<Held | null>(null);
  useWheel(now);
  return {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      const { left, width, shown, scroller } = now.current;
      const x = placeOf(event);
      if (event.button !== 0 || x < left || x > left + width) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      held.current = { x: event.clientX, y: event.clientY, range: shown, top: scroller.current?.scrollTop ?? 0 };
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      const { left, width, whole, change, point, scroller } = now.current;
      const x = placeOf(event) - left;
      point(x >= 0 && x <= width ? x : null);
      if (!held.current) return;
      const { range, top } = held.current;
      const seconds = ((held.current.x - event.clientX) / width) * (range.to - range.from);
      if (range.to - range.from < whole.to - whole.from) change({ range: moved(range, seconds, whole) });
      if (scroller.current) scroller.current.scrollTop = top + held.current.y - event.clientY;
    },
    onPointerUp: () => {
      held.current = null;
    },
    onPointerCancel: () => {
      held.current = null;
    },
    onPointerLeave: () => now.current.point(null),
    onDoubleClick: () => now.current.change({ range: null }),
    onKeyDown: (event: KeyboardEvent<HTMLDivElement>) => {
      const { shown, whole, change } = now.current;
      const middle = (shown.from + shown.to) / 2;
      const share = (shown.to - shown.from) * KEY_SHARE;
      const made: Record<string, () => Range | null> = {
        "+": () => zoomed(shown, middle, KEY_FACTOR, whole),
        "=": () => zoomed(shown, middle, KEY_FACTOR, whole),
        "-": () => zoomed(shown, middle, 1 / KEY_FACTOR, whole),
        ArrowLeft: () => zoomed(moved(shown, -share, whole), middle, 1, whole),
        ArrowRight: () => zoomed(moved(shown, share, whole), middle, 1, whole),
        "0": () => null,
        Escape: () => null,
      };
      const make = made[event.key];
      if (!make || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      change({ range: make() });
    },
  };
}

/** Zoom by the wheel. React listens passively, and could not keep the page from scrolling. */
function useWheel(now: RefObject<Stage>): void {
  useEffect(() => {
    const panels = now.current.panels.current;
    if (!panels) return;
    // A wheel that scrolls goes on scrolling until the pointer is moved: nobody who scrolls past means to zoom.
    let scrolledAt: { readonly x: number; readonly y: number } | null = null;
    const elsewhere = (event: WheelEvent) => {
      if (!event.composedPath().includes(panels)) scrolledAt = { x: event.clientX, y: event.clientY };
    };
    const pointed = (event: globalThis.PointerEvent) => {
      if (scrolledAt && (event.clientX !== scrolledAt.x || event.clientY !== scrolledAt.y)) scrolledAt = null;
    };
    const turned = (event: WheelEvent) => {
      const { left, width, shown, whole, change } = now.current;
      const x = event.clientX - panels.getBoundingClientRect().left - left;
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const isAll = shown.to - shown.from >= whole.to - whole.from;
      if (x < 0 || x > width || scrolledAt || (isAll && (isSideways || event.deltaY > 0))) {
        scrolledAt = { x: event.clientX, y: event.clientY };
        return;
      }
      event.preventDefault();
      if (isSideways) {
        const pixels = event.deltaX || event.deltaY;
        change({ range: moved(shown, (pixels / width) * (shown.to - shown.from), whole) });
      } else {
        change({ range: zoomed(shown, momentAt(x, shown, width), wheelFactor(event), whole) });
      }
    };
    window.addEventListener("wheel", elsewhere, { capture: true, passive: true });
    window.addEventListener("pointermove", pointed, { capture: true, passive: true });
    panels.addEventListener("wheel", turned, { passive: false });
    return () => {
      window.removeEventListener("wheel", elsewhere, { capture: true });
      window.removeEventListener("pointermove", pointed, { capture: true });
      panels.removeEventListener("wheel", turned);
    };
  }, [now]);
}

function placeOf(event: PointerEvent<HTMLDivElement>): number {
  return event.clientX - event.currentTarget.getBoundingClientRect().left;
}
