import { Handle, Position, useConnection } from "@xyflow/react";
import { memo } from "react";
import type { StepId } from "../model/draft";
import { refusalOf } from "../model/rules";
import type { PortPlace, StepShape } from "../model/sizes";
import { HEADER_HEIGHT, STEP_WIDTH } from "../model/sizes";
import { type DesignerState, useDesigner } from "../store";

/** The handle that takes an edge dropped anywhere on a step. */
export const ANYWHERE = "+";

export const HANDLE_SIZE = 11;

/** The handles of a step, as React Flow would measure them. */
export function handlesOf(shape: StepShape) {
  const half = HANDLE_SIZE / 2;
  const size = { width: HANDLE_SIZE, height: HANDLE_SIZE };
  const any = { id: ANYWHERE, width: 1, height: 1, y: HEADER_HEIGHT / 2 };
  return [
    ...shape.inputs.map(({ name, y }) => {
      return { id: name, type: "target" as const, position: Position.Left, x: -half, y: y - half, ...size };
    }),
    ...shape.outputs.map(({ name, y }) => {
      return { id: name, type: "source" as const, position: Position.Right, x: STEP_WIDTH - half, y: y - half, ...size };
    }),
    { ...any, type: "target" as const, position: Position.Left, x: 0 },
    { ...any, type: "source" as const, position: Position.Right, x: STEP_WIDTH },
  ];
}

interface PortsProps {
  readonly id: StepId;
  readonly shape: StepShape;
}

/** The ports of a step: handles, and the names of those that need one. */
export const Ports = memo(function Ports({ id, shape }: PortsProps) {
  return (
    <>
      <Cover id={id} />
      {shape.inputs.map((port) => (
        <Port key={`in:${port.name}`} step={id} port={port} side="inputs" />
      ))}
      {shape.outputs.map((port) => (
        <Port key={`out:${port.name}`} step={id} port={port} side="outputs" />
      ))}
    </>
  );
});

function Port(props: { step: StepId; port: PortPlace; side: "inputs" | "outputs" }) {
  const { name, y, isNamed } = props.port;
  const isInput = props.side === "inputs";
  return (
    <>
      <Handle
        type={isInput ? "target" : "source"}
        position={isInput ? Position.Left : Position.Right}
        id={name}
        style={{ top: y }}
        className="port"
        data-port={`${props.step}/${props.side}/${name}`}
        aria-label={`${isInput ? "input" : "output"} ${name}`}
      />
      {isNamed && (
        <span className={`port-name port-name-${props.side}`} style={{ top: y }}>
          {name}
        </span>
      )}
    </>
  );
}

/**
 * While an edge is drawn, the whole step takes it, or says by its look that it will not. It lies over the words and
 * below the ports, so that both a step and a port of it can be aimed at.
 */
function Cover({ id }: { id: StepId }) {
  const from = useConnection((connection) => {
    if (!connection.inProgress || connection.fromNode.id === id) return "";
    return `${connection.fromHandle.type}/${connection.fromNode.id}/${connection.fromHandle.id ?? ""}`;
  });
  const isRefused = useDesigner((state) => from !== "" && isRefusedHere(state, id, from));
  if (!from) return null;
  const isForward = from.startsWith("source");
  return (
    <Handle
      type={isForward ? "target" : "source"}
      position={isForward ? Position.Left : Position.Right}
      id={ANYWHERE}
      className={isRefused ? "port-cover is-refused" : "port-cover"}
    />
  );
}

function isRefusedHere({ draft, catalog }: DesignerState, id: StepId, from: string): boolean {
  const [type, step = "", port = ""] = from.split("/");
  if (!(step in draft.steps) || !(id in draft.steps)) return true;
  const wish =
    type === "source"
      ? { source: step, output: port, target: id }
      : { source: id, output: firstOutput(draft.steps[id]?.outputs), target: step, input: port };
  return refusalOf(draft, wish, catalog.recipes) !== null;
}

function firstOutput(outputs: Readonly<Record<string, string>> = {}): string {
  return Object.keys(outputs)[0] ?? "";
}
