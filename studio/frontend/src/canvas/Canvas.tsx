import {
  Background, BackgroundVariant, type Connection, type Edge, type FinalConnectionState, ReactFlow, SelectionMode, useReactFlow,
} from "@xyflow/react";
import { type ClipboardEvent, type DragEvent, type MouseEvent, useCallback, useEffect, useRef } from "react";
import type { Point, StepForm } from "../messages";
import { adding } from "../model/adding";
import { BLUEPRINT_TYPE, blueprints } from "../model/blueprints";
import { stepOf } from "../model/draft";
import { graphOf } from "../model/graph";
import { GRID } from "../model/layout";
import { refusalOf } from "../model/rules";
import { STEP_WIDTH } from "../model/sizes";
import { connect, disconnect } from "../model/steps";
import { useLookAtPointer } from "../panel/lookingAhead";
import { type DesignerState, useDesigner, useDesignerStore } from "../store";
import { useActions } from "./actions";
import type { Choosing } from "./choosers";
import { Controls, SelectionTools } from "./Controls";
import { DatasetEdge, FarWires, Refusal, wishOf } from "./edges";
import { useFlow } from "./flow";
import { FoldNode, FrameNode, NoteNode } from "./frames";
import { Guides } from "./Guides";
import { isTyping, useCanvasKeys } from "./keys";
import { MiniMap } from "./MiniMap";
import { ANYWHERE } from "./ports";
import { StepNode, useIsFar, useIsSmall, useIsTiny } from "./StepNode";
import { LEAST_ZOOM, MOST_ZOOM, rememberView, useGivenSizes, useSeeking, useStartView } from "./view";

const NODE_TYPES = { step: StepNode, frame: FrameNode, fold: FoldNode, note: NoteNode };
const EDGE_TYPES = { dataset: DatasetEdge };
const SNAP: [number, number] = [GRID, GRID];
const SEVERAL = ["Shift", "Control", "Meta"];

interface CanvasProps {
  readonly isDark: boolean;
  readonly onChoose: (choosing: Choosing) => void;
  readonly onHelp: () => void;
}

/** The canvas: what is drawn of the pipeline, and every gesture on it. */
export function Canvas({ isDark, onChoose, onHelp }: CanvasProps) {
  const store = useDesignerStore();
  const element = useRef<HTMLDivElement>(null);
  useGivenSizes();
  const isFar = useIsFar();
  const isTiny = useIsTiny();
  const isSmall = useIsSmall();
  const { scene, settled, nodes, edges, guides, onNodesChange, onEdgesChange, onNodeDragStop } = useFlow(isFar);
  const draft = useDesigner((state) => state.draft);
  const selection = useDesigner((state) => state.selection);
  const designId = useDesigner((state) => state.designId);
  const start = useStartView(designId, element, settled);
  const actions = useActions();
  const { screenToFlowPosition } = useReactFlow();
  const pointer = useLookAtPointer();
  useSeeking();

  const middle = useCallback((): Point => {
    const box = element.current?.getBoundingClientRect();
    if (!box) return { x: 0, y: 0 };
    const at = screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
    return { x: at.x - STEP_WIDTH / 2, y: at.y };
  }, [screenToFlowPosition]);
  const onKeyDown = useCanvasKeys({ actions, middle, choose: onChoose });
  useEffect(() => element.current?.focus({ preventScroll: true }), []);

  const isValidConnection = useCallback(
    (wanted: Connection | Edge) => {
      const { draft: now, catalog } = store.getState();
      const wish = wishOf(store.getState(), portOf(wanted.source, wanted.sourceHandle), portOf(wanted.target, wanted.targetHandle));
      return wish !== null && refusalOf(now, wish, catalog.recipes) === null;
    },
    [store],
  );
  const onConnect = useCallback(
    (wanted: Connection) => {
      const { edit } = store.getState();
      const wish = wishOf(store.getState(), portOf(wanted.source, wanted.sourceHandle), portOf(wanted.target, wanted.targetHandle));
      if (wish) edit("Connect steps", connect(wish));
    },
    [store],
  );
  const onReconnect = useCallback(
    (old: Edge, wanted: Connection) => {
      const wish = wishOf(store.getState(), portOf(wanted.source, wanted.sourceHandle), portOf(wanted.target, wanted.targetHandle));
      const cut = disconnect(old.target, old.targetHandle ?? "");
      if (wish) store.getState().edit("Move an edge", (before) => connect(wish)(cut(before)));
    },
    [store],
  );
  const onConnectEnd = useCallback(
    (event: globalThis.MouseEvent | TouchEvent, ended: FinalConnectionState) => {
      if (ended.toNode || !ended.fromNode || !ended.fromHandle) return;
      const { clientX, clientY } = "changedTouches" in event ? event.changedTouches[0]! : event;
      const at = screenToFlowPosition({ x: clientX, y: clientY });
      const end = { step: ended.fromNode.id, port: ended.fromHandle.id ?? "" };
      const isForward = ended.fromHandle.type === "source";
      onChoose({
        kind: "add",
        at: { x: isForward ? at.x : at.x - STEP_WIDTH, y: at.y - 24 },
        wanted: isForward ? { from: [{ step: end.step, output: end.port }] } : { to: { step: end.step, input: end.port } },
      });
    },
    [onChoose, screenToFlowPosition],
  );
  const onDoubleClick = useCallback(
    (event: MouseEvent) => {
      if (!(event.target as HTMLElement).classList.contains("react-flow__pane")) return;
      const at = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      onChoose({ kind: "add", at, wanted: {} });
    },
    [onChoose, screenToFlowPosition],
  );
  const onDrop = useCallback(
    (event: DragEvent) => {
      event.preventDefault();
      const at = screenToFlowPosition({ x: event.clientX - STEP_WIDTH / 2, y: event.clientY - 24 });
      const { draft: now, catalog, edit, selectSteps } = store.getState();
      const key = event.dataTransfer.getData(BLUEPRINT_TYPE);
      const blueprint = blueprints(catalog).find((found) => found.key === key);
      if (blueprint) {
        const added = adding(now, blueprint.step, { at }, catalog.recipes);
        edit(`Add ${blueprint.title}`, added.edit);
        selectSteps(added.id);
      } else if (event.dataTransfer.files.length) void actions.takeFiles([...event.dataTransfer.files], at);
      element.current?.focus({ preventScroll: true });
    },
    [store, actions, screenToFlowPosition],
  );
  const onCopy = (event: ClipboardEvent, isCut: boolean) => {
    if (isTyping(event)) return;
    const text = actions.copy();
    if (text === null) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
    if (isCut) actions.remove("Cut");
  };
  const onPaste = (event: ClipboardEvent) => {
    if (isTyping(event)) return;
    if (actions.paste(event.clipboardData.getData("text/plain"))) event.preventDefault();
  };

  const onNote = useCallback(() => actions.note(middle()), [actions, middle]);
  const onSearch = useCallback(() => onChoose({ kind: "search" }), [onChoose]);

  return (
    <main
      ref={element}
      className={["canvas", isSmall && "is-small", isTiny && "is-tiny"].filter(Boolean).join(" ")}
      tabIndex={0}
      aria-label={`Canvas, ${draft.order.length} steps. Arrow keys move along edges, E goes through the edges of a step, slash adds a step, question mark lists the keys.`}
      onKeyDown={onKeyDown}
      onCopy={(event) => onCopy(event, false)}
      onCut={(event) => onCopy(event, true)}
      onPaste={onPaste}
      onDoubleClick={onDoubleClick}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
      // React Flow takes pointer presses for itself: without this the canvas would never get the focus back.
      onPointerDownCapture={(event) => !isTyping(event) && element.current?.focus({ preventScroll: true })}
    >
      {start && (
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          onNodeMouseEnter={pointer.onEnter}
          onNodeMouseLeave={pointer.onLeave}
          onNodeDragStop={onNodeDragStop}
          onSelectionDragStop={onNodeDragStop}
          isValidConnection={isValidConnection}
          onConnect={onConnect}
          onConnectEnd={onConnectEnd}
          onReconnect={onReconnect}
          onMoveEnd={(_event, view) => rememberView(designId, view)}
          defaultViewport={start}
          colorMode={isDark ? "dark" : "light"}
          minZoom={LEAST_ZOOM}
          maxZoom={MOST_ZOOM}
          snapToGrid
          snapGrid={SNAP}
          onlyRenderVisibleElements
          panOnScroll
          selectionMode={SelectionMode.Partial}
          multiSelectionKeyCode={SEVERAL}
          deleteKeyCode={null}
          disableKeyboardA11y
          nodesFocusable={false}
          edgesFocusable={false}
          zoomOnDoubleClick={false}
          connectionRadius={24}
          elevateNodesOnSelect={false}
          proOptions={{ hideAttribution: true }}
        >
          <Background variant={BackgroundVariant.Dots} gap={24} size={1.2} />
          {isFar && <FarWires wires={scene.wires} selection={selection} />}
          <Guides guides={guides} />
          <Refusal />
        </ReactFlow>
      )}
      <p className="spoken" aria-live="polite">
        {spoken(store.getState())}
      </p>
      {draft.order.length === 0 && <EmptyCanvas />}
      <SelectionTools actions={actions} />
      <Controls actions={actions} onNote={onNote} onSearch={onSearch} onHelp={onHelp} />
      <MiniMap scene={settled} draft={draft} theme={isDark ? "dark" : "light"} />
    </main>
  );
}

function portOf(step: string, port: string | null | undefined) {
  return { step, port: port ?? ANYWHERE };
}

/** What a screen reader says of what is selected. */
function spoken({ draft, problemsOf, selection }: DesignerState): string {
  const { steps, items, edges } = selection;
  const count = steps.size + items.size + edges.size;
  if (count !== 1) return count ? `${count} selected` : "";
  const [step] = steps;
  if (step !== undefined) return spokenStep(stepOf(draft, step), problemsOf[step]?.length ?? 0);
  const edge = graphOf(draft).edges.find(({ id }) => edges.has(id));
  if (edge) return `Edge ${edge.dataset}, from ${stepOf(draft, edge.source).name} to ${stepOf(draft, edge.target).name}`;
  const group = draft.groups.find(({ id }) => items.has(id));
  if (group) return `Group ${group.title}, ${group.steps.length} steps${group.isCollapsed ? ", folded up" : ""}`;
  const note = draft.notes.find(({ id }) => items.has(id));
  return note ? `Note: ${note.text || "empty"}` : "";
}

function spokenStep({ name, inputs }: StepForm, problems: number): string {
  const sources = Object.values(inputs).filter(Boolean);
  return [name, sources.length ? `reads ${sources.join(", ")}` : "", problems ? `${problems} problem${problems === 1 ? "" : "s"}` : ""].filter(Boolean).join(", ");
}

function EmptyCanvas() {
  return (
    <div className="canvas-empty">
      <strong>Start with your data</strong>
      <p>Drop a CSV, Parquet or JSON file here, drag a source from the left, or double-click and type.</p>
    </div>
  );
}
