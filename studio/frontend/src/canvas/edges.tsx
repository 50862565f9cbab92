import {
  BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath, Position, useConnection, ViewportPortal, useStore,
} from "@xyflow/react";
import { memo, useMemo } from "react";
import { MatchRate } from "../health/marks";
import type { StepId } from "../model/draft";
import { refusalOf, type Wish } from "../model/rules";
import type { Wire } from "../model/scene";
import type { Selection } from "../model/selection";
import { type DesignerState, useDesigner } from "../store";
import { ANYWHERE } from "./ports";

const COUNT = new Intl.NumberFormat();

/** An edge with its dataset key and, where a run told it, the rows that went along it. */
export const DatasetEdge = memo(function DatasetEdge(props: EdgeProps) {
  const dataset = String(props.data?.["dataset"] ?? "");
  const rows = useDesigner((state) => state.run.rowCounts[dataset]);
  const isRead = useStore((state) => state.transform[2] >= 0.7);
  const { sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition } = props;
  const [path, x, y] = getBezierPath({ sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition });
  const gap = Math.abs(targetX - sourceX);
  const classes = ["edge-label", gap < 96 && "is-short", props.selected && "is-selected"].filter(Boolean).join(" ");
  return (
    <>
      <BaseEdge id={props.id} path={path} interactionWidth={18} className={props.selected ? "wire is-selected" : "wire"} />
      {isRead && (gap >= 64 || rows !== undefined) && (
        <EdgeLabelRenderer>
          <span
            className={classes}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {rows === undefined ? dataset : <b>{COUNT.format(rows)}</b>}
            <MatchRate target={props.target} input={props.targetHandleId} />
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

/** All edges as two paths: what is drawn when the canvas is zoomed out. */
export function FarWires({ wires, selection }: { wires: readonly Wire[]; selection: Selection }) {
  const [plain, marked] = useMemo(() => {
    const { steps, edges } = selection;
    const isMarked = ({ source, target, id }: Wire) => edges.has(id) || steps.has(source) || steps.has(target);
    const draw = (some: readonly Wire[]) => some.map(curve).join("");
    return [draw(wires.filter((wire) => !isMarked(wire))), draw(wires.filter(isMarked))];
  }, [wires, selection]);
  return (
    <ViewportPortal>
      <svg className="far-wires" aria-hidden>
        <path d={plain} className="far-wire" />
        <path d={marked} className="far-wire is-marked" />
      </svg>
    </ViewportPortal>
  );
}

function curve(wire: Wire): string {
  const [path] = getBezierPath({
    sourceX: wire.from.x,
    sourceY: wire.from.y,
    sourcePosition: Position.Right,
    targetX: wire.to.x,
    targetY: wire.to.y,
    targetPosition: Position.Left,
  });
  return path;
}

/** Why the edge that is being drawn is refused, beside the pointer. */
export function Refusal() {
  const zoom = useStore((state) => state.transform[2]);
  const over = useConnection((connection) =>
    connection.inProgress && connection.toNode && connection.toHandle
      ? {
          fromId: connection.fromNode.id,
          fromPort: connection.fromHandle.id ?? "",
          isForward: connection.fromHandle.type === "source",
          toId: connection.toNode.id,
          toPort: connection.toHandle.id ?? "",
          x: connection.to.x,
          y: connection.to.y,
        }
      : null,
  );
  const reason = useDesigner((state) => {
    if (!over) return null;
    const from = { step: over.fromId, port: over.fromPort };
    const to = { step: over.toId, port: over.toPort };
    const wish = over.isForward ? wishOf(state, from, to) : wishOf(state, to, from);
    return wish && refusalOf(state.draft, wish, state.catalog.recipes);
  });
  if (!over || !reason) return null;
  return (
    <ViewportPortal>
      <div
        className="refusal"
        role="status"
        style={{ transform: `translate(${over.x}px, ${over.y}px) scale(${1 / zoom}) translate(14px, 14px)` }}
      >
        {reason}
      </div>
    </ViewportPortal>
  );
}

interface End {
  readonly step: StepId;
  readonly port: string;
}

/** The edge between two ports, where both belong to steps that are there. */
export function wishOf({ draft }: Pick<DesignerState, "draft">, from: End, to: End): Wish | null {
  const source = draft.steps[from.step];
  if (!source || !(to.step in draft.steps)) return null;
  const output = from.port === ANYWHERE ? (Object.keys(source.outputs)[0] ?? "") : from.port;
  return { source: from.step, output, target: to.step, input: to.port === ANYWHERE ? undefined : to.port };
}
