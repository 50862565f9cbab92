import { useReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { describe } from "../api";
import type { Point } from "../messages";
import { adding } from "../model/adding";
import { aligned, type Alignment, distributed } from "../model/arranging";
import { copySelection, duplicate, pasteClip, readClip, selectedSteps } from "../model/clipboard";
import type { Edit, StepId } from "../model/draft";
import { newItemId, stepOf } from "../model/draft";
import { addNote, changeNote, groupSteps, removeGroup, removeNotes, resizeNote, ungroupSteps } from "../model/frames";
import { layoutTask, placesAfter, stillWanted } from "../model/placing";
import { selectionOf } from "../model/selection";
import { disconnect, moveSteps, removeSteps } from "../model/steps";
import { type DesignerStore, useDesignerStore } from "../store";
import { layOutBeside } from "./layingOut";
import { FIT } from "./view";

export type Actions = ReturnType<typeof actionsOn>;

/** What can be done on the canvas, by key, button or menu alike. */
export function useActions(): Actions {
  const store = useDesignerStore();
  const { fitView } = useReactFlow();
  return useMemo(() => {
    const show = (ids: readonly StepId[]) => {
      const nodes = ids.map((id) => ({ id }));
      void fitView({ ...FIT, duration: 200, ...(nodes.length ? { nodes } : {}) });
    };
    return actionsOn(store, show);
  }, [store, fitView]);
}

function actionsOn(store: DesignerStore, show: (ids: readonly StepId[]) => void) {
  const get = store.getState;
  const chosen = () => selectedSteps(get().draft, get().selection);

  const remove = (label = "Remove") => {
    const { draft, selection, edit } = get();
    const wires = [...selection.edges].flatMap((id) => {
      const [target, ...port] = id.split(":");
      return target !== undefined && target in draft.steps ? [disconnect(target, port.join(":"))] : [];
    });
    const frames = draft.groups.filter((group) => selection.items.has(group.id) && !group.isCollapsed);
    const folded = draft.groups.filter((group) => selection.items.has(group.id) && group.isCollapsed);
    const steps = [...selection.steps, ...folded.flatMap((group) => group.steps)];
    const edits = [
      ...wires,
      ...frames.map((group) => removeGroup(group.id)),
      removeNotes(selection.items),
      removeSteps(steps),
    ];
    edit(label, inTurn(edits));
  };

  const paste = (text: string, at?: Point): boolean => {
    const clip = readClip(text);
    if (!clip) return false;
    const { draft, edit, select } = get();
    const pasted = pasteClip(draft, clip, at);
    edit("Paste", pasted.edit);
    select(pasted.selection);
    return true;
  };

  return {
    remove,
    paste,
    copy: () => copySelection(get().draft, get().selection),
    duplicate() {
      const { draft, selection, edit, select } = get();
      const copy = duplicate(draft, selection);
      if (!copy) return;
      edit("Duplicate", copy.edit);
      select(copy.selection);
    },
    selectAll() {
      const { draft, select } = get();
      select(selectionOf({ steps: draft.order, items: [...draft.groups, ...draft.notes].map(({ id }) => id) }));
    },
    group() {
      get().edit("Group steps", groupSteps(chosen()));
    },
    ungroup() {
      get().edit("Take steps out of their frame", ungroupSteps(chosen()));
    },
    note(at: Point) {
      const id = newItemId();
      get().edit("Add a note", addNote(at, id));
      get().seek(id, "text");
    },
    align(how: Alignment) {
      const { draft, edit } = get();
      edit("Align steps", moveSteps(aligned(draft, chosen(), how)));
    },
    distribute(axis: "x" | "y") {
      const { draft, edit } = get();
      edit("Distribute steps", moveSteps(distributed(draft, chosen(), axis)));
    },
    nudge(dx: number, dy: number) {
      const { draft, selection, edit } = get();
      const places = chosen().flatMap((id) => {
        const place = draft.positions[id];
        return place ? [[id, { x: place.x + dx, y: place.y + dy }] as const] : [];
      });
      const notes = draft.notes.filter(({ id }) => selection.items.has(id));
      const moves = notes.map(({ id, x, y }) => changeNote(id, { x: x + dx, y: y + dy }));
      edit("Move", inTurn([moveSteps(Object.fromEntries(places)), ...moves]), "nudge");
    },
    /** Makes the selected notes wider and higher, or the other way round. */
    resize(by: { readonly width?: number; readonly height?: number }) {
      const { draft, selection, edit } = get();
      const notes = draft.notes.filter(({ id }) => selection.items.has(id));
      edit("Resize a note", inTurn(notes.map(({ id }) => resizeNote(id, by))), "resize");
    },
    /** Lays out the selected steps, or all of them. */
    async layOut() {
      const { draft, edit, notify } = get();
      const some = chosen();
      const ids = some.length > 1 ? some : draft.order;
      try {
        const places = await layOutBeside(layoutTask(draft, ids));
        edit("Lay out", moveSteps(stillWanted(placesAfter(draft, places), draft, get().draft)));
        if (ids === draft.order) show([]);
      } catch (error) {
        notify(describe(error).what, "error");
      }
    },
    /** Brings the selected steps into view, or all: one alone is in view as a rule. */
    fit() {
      const some = chosen();
      show(some.length > 1 ? some : []);
    },
    /** Makes source steps of files that were dropped. */
    async takeFiles(files: readonly File[], at: Point) {
      const { api, notify } = get();
      for (const [index, file] of files.entries()) {
        try {
          const { step, path } = await api.upload(file);
          const { draft, edit, selectSteps } = get();
          const added = adding(draft, step, { at: { x: at.x, y: at.y + index * 80 } });
          edit(`Add ${file.name}`, added.edit);
          selectSteps(added.id);
          notify(`${file.name} is now ${path}, read by ${stepOf(get().draft, added.id).name}`);
        } catch (error) {
          const { what, fix } = describe(error);
          notify([`${file.name}: ${what}`, fix].filter(Boolean).join(". "), "error");
        }
      }
    },
  };
}

function inTurn(edits: readonly Edit[]): Edit {
  return (draft) => edits.reduce((left, edit) => edit(left), draft);
}
