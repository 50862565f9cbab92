import type { KeyboardEvent, PointerEvent } from "react";

interface Props {
  label: string;
  className: string;
  /** How large the part behind the edge is now. */
  value: number;
  least: number;
  /** The axis along which the edge goes; the part lies below it, or right of it. */
  axis: "x" | "y";
  onChange: (px: number) => void;
  /** Gives the part back its own size, by a double click. */
  onReset?: () => void;
}

const KEY_STEP_PX = 24;
const GROWING = { x: "ArrowLeft", y: "ArrowUp" } as const;
const SHRINKING = { x: "ArrowRight", y: "ArrowDown" } as const;

/** The edge of a part of the page, that is dragged, or moved with the arrow keys. */
export function Splitter({ label, className, value, least, axis, onChange, onReset }: Props) {
  function drag(event: PointerEvent<HTMLDivElement>) {
    const handle = event.currentTarget;
    const place = (at: { clientX: number; clientY: number }) => (axis === "x" ? at.clientX : at.clientY);
    const start = place(event) + value;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => onChange(start - place(moved));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("lostpointercapture", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", end);
  }

  function press(event: KeyboardEvent) {
    const by = event.key === GROWING[axis] ? KEY_STEP_PX : event.key === SHRINKING[axis] ? -KEY_STEP_PX : 0;
    if (!by) return;
    event.preventDefault();
    onChange(value + by);
  }

  return (
    <div
      className={className}
      role="separator"
      tabIndex={0}
      aria-orientation={axis === "x" ? "vertical" : "horizontal"}
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={least}
      onPointerDown={drag}
      onDoubleClick={onReset}
      onKeyDown={press}
    />
  );
}
