import type { StepForm } from "../messages";
import { givesOutputs, takesMoreInputs } from "./kinds";

export const STEP_WIDTH = 208;
export const HEADER_HEIGHT = 48;
export const PORT_HEIGHT = 20;
const PORTS_BOTTOM = 8;

/** A port, and where its handle is from the top of its step. */
export interface PortPlace {
  readonly name: string;
  readonly y: number;
  readonly isNamed: boolean;
}

/** Where the ports of a step are, and how high that makes it. */
export interface StepShape {
  readonly height: number;
  readonly inputs: readonly PortPlace[];
  readonly outputs: readonly PortPlace[];
  readonly takesMore: boolean;
}

const shapes = new WeakMap<StepForm, StepShape>();

/** The shape of a step. It follows from the step alone, so that the browser has nothing to measure. */
export function shapeOf(step: StepForm): StepShape {
  const known = shapes.get(step);
  if (known) return known;
  const inputs = places(Object.keys(step.inputs));
  const outputs = places(givesOutputs(step) ? Object.keys(step.outputs) : []);
  const rows = Math.max(named(inputs), named(outputs));
  const height = HEADER_HEIGHT + (rows ? rows * PORT_HEIGHT + PORTS_BOTTOM : 0);
  const shape = { height, inputs, outputs, takesMore: takesMoreInputs(step) };
  shapes.set(step, shape);
  return shape;
}

/** `data` is what a port is called that needs no name: alone on its side it stands beside the title. */
function places(ports: readonly string[]): PortPlace[] {
  if (ports.length === 1 && ports[0] === "data") return [{ name: "data", y: HEADER_HEIGHT / 2, isNamed: false }];
  return ports.map((name, row) => ({ name, y: HEADER_HEIGHT + (row + 0.5) * PORT_HEIGHT - 2, isNamed: true }));
}

function named(ports: readonly PortPlace[]): number {
  return ports.filter((port) => port.isNamed).length;
}
