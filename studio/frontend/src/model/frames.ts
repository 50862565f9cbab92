import type { Note, Point } from "../messages";
import type { Draft, Edit, StepId } from "./draft";
import { newItemId } from "./draft";

/** Puts a frame around steps; each step is in one frame at most. */
export function groupSteps(ids: Iterable<StepId>, title = "Group", id = newItemId()): Edit {
  const members = new Set(ids);
  return (draft) => {
    const steps = draft.order.filter((step) => members.has(step));
    if (!steps.length) return draft;
    return { ...draft, groups: [...leave(draft, members), { id, title, steps, isCollapsed: false }] };
  };
}

/** Takes steps out of their frames; a frame that is left empty goes. */
export function ungroupSteps(ids: Iterable<StepId>): Edit {
  const members = new Set(ids);
  return (draft) => {
    const groups = leave(draft, members);
    return groups.length === draft.groups.length && groups.every((group, at) => group === draft.groups[at])
      ? draft
      : { ...draft, groups };
  };
}

function leave(draft: Draft, members: ReadonlySet<StepId>): Draft["groups"] {
  return draft.groups
    .map((group) =>
      group.steps.some((id) => members.has(id))
        ? { ...group, steps: group.steps.filter((id) => !members.has(id)) }
        : group,
    )
    .filter((group) => group.steps.length > 0);
}

/** Changes a frame's title, or folds it up. */
export function changeGroup(id: string, changes: { title?: string; isCollapsed?: boolean }): Edit {
  return (draft) => ({
    ...draft,
    groups: draft.groups.map((group) => (group.id === id ? { ...group, ...changes } : group)),
  });
}

/** Takes a frame away; its steps stay. */
export function removeGroup(id: string): Edit {
  return (draft) => ({ ...draft, groups: draft.groups.filter((group) => group.id !== id) });
}

/** A smaller note could not be read, nor taken hold of. */
export const LEAST_NOTE = { width: 96, height: 40 };

/** Puts an empty note on the canvas. */
export function addNote(place: Point, id = newItemId(), text = ""): Edit {
  const note: Note = { id, text, ...place, width: 200, height: 96 };
  return (draft) => ({ ...draft, notes: [...draft.notes, note] });
}

/** Changes a note's text, place or size. */
export function changeNote(id: string, changes: Partial<Omit<Note, "id">>): Edit {
  return (draft) => ({ ...draft, notes: draft.notes.map((note) => (note.id === id ? { ...note, ...changes } : note)) });
}

/** Makes a note larger or smaller by so much, as long as it can be read. */
export function resizeNote(id: string, by: { readonly width?: number; readonly height?: number }): Edit {
  return (draft) => {
    const note = draft.notes.find((found) => found.id === id);
    if (!note) return draft;
    const width = Math.max(note.width + (by.width ?? 0), LEAST_NOTE.width);
    const height = Math.max(note.height + (by.height ?? 0), LEAST_NOTE.height);
    return width === note.width && height === note.height ? draft : changeNote(id, { width, height })(draft);
  };
}

/** Takes notes away. */
export function removeNotes(ids: Iterable<string>): Edit {
  const gone = new Set(ids);
  return (draft) =>
    draft.notes.some((note) => gone.has(note.id))
      ? { ...draft, notes: draft.notes.filter((note) => !gone.has(note.id)) }
      : draft;
}
