import type { Edge, EdgeChange, Node, NodeChange, ReactFlowState } from "@xyflow/react";
import { Position, useStoreApi } from "@xyflow/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { type Draft, type Edit, type StepId, stepOf } from "../model/draft";
import { changeNote, groupSteps } from "../model/frames";
import { type Guide, inLine } from "../model/guides";
import { around, type Rect } from "../model/placing";
import { middleOf, FOLD_PORT, type Scene, sceneOf, type Thing, type Wire } from "../model/scene";
import type { Selection } from "../model/selection";
import { HEADER_HEIGHT, shapeOf, STEP_WIDTH } from "../model/sizes";
import { moveSteps } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { HANDLE_SIZE, handlesOf } from "./ports";

/** Where things are while they are dragged; of a note also its size, while that is dragged. */
type Places = Readonly<Record<string, Place>>;
type Place = { readonly x: number; readonly y: number; readonly width?: number; readonly height?: number };

const NO_EDGES: Edge[] = [];
const NO_GUIDES: readonly Guide[] = [];
/** How near a line attracts a dragged step, on the screen. */
const REACH_PX = 6;
const FOLD_HANDLES = (["target", "source"] as const).map((type) => {
  const isTarget = type === "target";
  const x = (isTarget ? 0 : STEP_WIDTH) - HANDLE_SIZE / 2;
  const y = (HEADER_HEIGHT - HANDLE_SIZE) / 2;
  const position = isTarget ? Position.Left : Position.Right;
  return { id: FOLD_PORT, type, position, x, y, width: HANDLE_SIZE, height: HANDLE_SIZE };
});

/**
 * The draft as React Flow draws it, and what its gestures do to the draft. A drag is one edit, made when it ends;
 * `settled` is the scene without it.
 */
export function useFlow(isFar: boolean) {
  const store = useDesignerStore();
  const draft = useDesigner((state) => state.draft);
  const selection = useDesigner((state) => state.selection);
  const [dragged, setDragged] = useState<Places | null>(null);
  const [guides, setGuides] = useState(NO_GUIDES);
  const flow = useStoreApi();
  const settled = useMemo(() => sceneOf(draft), [draft]);
  const scene = useMemo(() => (dragged ? sceneOf(withPlaces(draft, dragged)) : settled), [draft, dragged, settled]);
  const nodes = useNodes(scene, draft, selection);
  const edges = useEdges(scene, selection, isFar);

  const onNodesChange = useCallback(
    (changes: NodeChange[]) => {
      const { selection: before, draft: now } = store.getState();
      const selected = afterChanges(before, now, changes);
      if (selected !== before) store.getState().select(selected);
      const isLive = changes.some(
        (change) => (change.type === "position" && change.dragging) || (change.type === "dimensions" && change.resizing),
      );
      if (isLive) {
        const lined = intoLine(changes, settled, flow.getState());
        setGuides(lined.guides);
        setDragged((places) => afterMoves(now, places, lined.changes));
      } else if (changes.some((change) => change.type === "dimensions" && change.resizing === false)) setDragged(null);
    },
    [store, settled, flow],
  );
  const onEdgesChange = useCallback(
    (changes: EdgeChange[]) => {
      const { selection: before, select } = store.getState();
      const edges = changed(before.edges, changes);
      if (edges !== before.edges) select({ ...before, edges });
    },
    [store],
  );
  const onNodeDragStop = useCallback(() => {
    setGuides(NO_GUIDES);
    if (!dragged) return;
    store.getState().edit("Move", dropped(dragged));
    setDragged(null);
  }, [store, dragged]);

  return { scene, settled, nodes, edges, guides, onNodesChange, onEdgesChange, onNodeDragStop };
}

/** The changes of a drag with what is dragged in line with its neighbours, and the lines. */
function intoLine(changes: readonly NodeChange[], settled: Scene, flow: ReactFlowState) {
  const to = new Map(
    changes.flatMap((change) => (change.type === "position" && change.position ? [[change.id, change.position] as const] : [])),
  );
  const { transform, width, height } = flow;
  const [left, top, zoom] = transform;
  const isInView = ({ x, y, width: w, height: h }: Rect) =>
    x * zoom + left < width && (x + w) * zoom + left > 0 && y * zoom + top < height && (y + h) * zoom + top > 0;
  const moved: Rect[] = [];
  const others: Rect[] = [];
  for (const { id, kind, rect } of settled.things) {
    const place = to.get(id);
    if (place) moved.push({ ...rect, ...place });
    else if ((kind === "step" || kind === "fold") && isInView(rect)) others.push(rect);
  }
  const whole = around(moved);
  // A frame takes its steps along: in line with them it would hold itself.
  const isFrame = settled.things.some(({ id, kind }) => kind === "frame" && to.has(id));
  if (!whole || isFrame) return { changes, guides: NO_GUIDES };
  const { dx, dy, guides } = inLine(whole, others, REACH_PX / zoom);
  const shift = (change: NodeChange): NodeChange =>
    change.type === "position" && change.position
      ? { ...change, position: { x: change.position.x + dx, y: change.position.y + dy } }
      : change;
  return { changes: dx || dy ? changes.map(shift) : changes, guides: guides.length ? guides : NO_GUIDES };
}

function afterMoves(now: Draft, places: Places | null, changes: readonly NodeChange[]): Places {
  const moved: Record<string, Place> = { ...places };
  for (const change of changes) {
    if (change.type === "position" && change.position) move(now, places, change.id, change.position, moved);
    if (change.type === "dimensions" && change.dimensions) {
      const note = now.notes.find(({ id }) => id === change.id);
      const place = moved[change.id] ?? note;
      if (place) moved[change.id] = { x: place.x, y: place.y, ...change.dimensions };
    }
  }
  return moved;
}

/** A frame takes its steps along; what is dragged itself goes where it was dragged. */
function move(
  now: Draft,
  places: Places | null,
  id: string,
  to: { x: number; y: number },
  moved: Record<string, Place>,
) {
  const group = now.groups.find((found) => found.id === id);
  if (!group) {
    moved[id] = { ...moved[id], ...to };
    return;
  }
  const draft = places ? withPlaces(now, places) : now;
  const thing = sceneOf(draft).things.find((found) => found.id === id);
  if (!thing) return;
  const [dx, dy] = [to.x - thing.rect.x, to.y - thing.rect.y];
  for (const step of group.steps) {
    const place = draft.positions[step];
    if (place) moved[step] = { x: place.x + dx, y: place.y + dy };
  }
}

function withPlaces(draft: Draft, places: Places): Draft {
  const steps = Object.entries(places).filter(([id]) => id in draft.steps);
  const notes = draft.notes.some(({ id }) => id in places)
    ? draft.notes.map((note) => (places[note.id] ? { ...note, ...places[note.id] } : note))
    : draft.notes;
  return { ...draft, notes, positions: { ...draft.positions, ...Object.fromEntries(steps) } };
}

/** The edit that a drag was. A step that comes to lie in a frame joins it. */
function dropped(places: Places): Edit {
  return (draft) => {
    const steps = Object.fromEntries(Object.entries(places).filter(([id]) => id in draft.steps));
    let after = moveSteps(steps)(draft);
    for (const { id } of draft.notes) {
      const place = places[id];
      if (place) after = changeNote(id, place)(after);
    }
    return joined(draft, after, Object.keys(steps));
  };
}

function joined(before: Draft, after: Draft, ids: readonly StepId[]): Draft {
  const frames = sceneOf(before).things.flatMap((thing) => (thing.kind === "frame" ? [thing] : []));
  for (const { group, rect } of frames) {
    const isInside = (id: StepId) => {
      const place = after.positions[id];
      if (!place || group.steps.includes(id)) return false;
      const { x, y } = middleOf({ ...place, width: STEP_WIDTH, height: HEADER_HEIGHT });
      return x > rect.x && x < rect.x + rect.width && y > rect.y && y < rect.y + rect.height;
    };
    const guests = ids.filter(isInside);
    if (guests.length && !group.steps.some((id) => ids.includes(id))) {
      return groupSteps([...group.steps, ...guests], group.title, group.id)(after);
    }
  }
  return after;
}

function useNodes(scene: Scene, draft: Draft, selection: Selection): Node[] {
  const cache = useRef(new Map<string, { thing: Thing; form: unknown; node: Node }>());
  return useMemo(() => {
    const fresh: typeof cache.current = new Map();
    const nodes = scene.things.map((thing) => {
      const isSelected = thing.kind === "step" ? selection.steps.has(thing.id) : selection.items.has(thing.id);
      const form = thing.kind === "step" ? stepOf(draft, thing.id) : thing.kind;
      const known = cache.current.get(thing.id);
      const isSame =
        known && known.form === form && known.node.selected === isSelected && isSameRect(known.thing, thing);
      const entry = isSame ? known : { thing, form, node: makeNode(thing, draft, isSelected) };
      fresh.set(thing.id, entry);
      return entry.node;
    });
    cache.current = fresh;
    return nodes;
  }, [scene, draft, selection]);
}

function isSameRect({ rect: one }: Thing, { rect: other }: Thing): boolean {
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

// With sizes and handles given, React Flow measures nothing: hundreds of steps open without a layout of the page.
function makeNode(thing: Thing, draft: Draft, selected: boolean): Node {
  const { x, y, width, height } = thing.rect;
  const size = { width, height, measured: { width, height } };
  const base = { id: thing.id, type: thing.kind, position: { x, y }, data: {}, selected, ...size };
  switch (thing.kind) {
    case "step":
      return { ...base, handles: handlesOf(shapeOf(stepOf(draft, thing.id))), ariaLabel: stepOf(draft, thing.id).name };
    case "fold":
      return { ...base, handles: FOLD_HANDLES, ariaLabel: `Group ${thing.group.title}` };
    case "frame":
      return { ...base, handles: [], zIndex: -1, dragHandle: ".frame-title", ariaLabel: `Group ${thing.group.title}` };
    default:
      return { ...base, handles: [], ariaLabel: "Note" };
  }
}

function useEdges(scene: Scene, selection: Selection, isFar: boolean): Edge[] {
  const cache = useRef(new Map<string, { wire: Wire; edge: Edge }>());
  const before = useRef(NO_EDGES);
  return useMemo(() => {
    if (isFar) return NO_EDGES;
    const fresh: typeof cache.current = new Map();
    const edges = scene.wires.map((wire) => {
      const selected = selection.edges.has(wire.id);
      const known = cache.current.get(wire.id);
      const isSame = known && known.edge.selected === selected && isSameWire(known.wire, wire);
      const entry = isSame ? known : { wire, edge: makeEdge(wire, selected) };
      fresh.set(wire.id, entry);
      return entry.edge;
    });
    cache.current = fresh;
    // Another array makes React Flow index all edges anew, at each move of a drag.
    const isSame = edges.length === before.current.length && edges.every((edge, at) => edge === before.current[at]);
    if (!isSame) before.current = edges;
    return before.current;
  }, [scene.wires, selection.edges, isFar]);
}

function isSameWire(one: Wire, other: Wire): boolean {
  const ends = ["source", "sourcePort", "target", "targetPort", "dataset"] as const;
  return ends.every((end) => one[end] === other[end]);
}

function makeEdge({ id, source, sourcePort, target, targetPort, dataset }: Wire, selected: boolean): Edge {
  const isFolded = sourcePort === FOLD_PORT || targetPort === FOLD_PORT;
  return {
    id,
    source,
    sourceHandle: sourcePort,
    target,
    targetHandle: targetPort,
    type: "dataset",
    data: { dataset },
    selected,
    selectable: !isFolded,
    reconnectable: isFolded ? false : "target",
    ariaLabel: `Dataset ${dataset}`,
  };
}

function afterChanges(before: Selection, draft: Draft, changes: readonly NodeChange[]): Selection {
  const isStep = (change: NodeChange) => change.type === "select" && change.id in draft.steps;
  const steps = changed(before.steps, changes.filter(isStep));
  const items = changed(before.items, changes.filter((change) => !isStep(change)));
  return steps === before.steps && items === before.items ? before : { ...before, steps, items };
}

function changed(before: ReadonlySet<string>, changes: readonly (NodeChange | EdgeChange)[]): ReadonlySet<string> {
  const after = new Set(before);
  for (const change of changes) {
    if (change.type !== "select") continue;
    if (change.selected) after.add(change.id);
    else after.delete(change.id);
  }
  return after.size === before.size && [...after].every((id) => before.has(id)) ? before : after;
}
