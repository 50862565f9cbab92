import { Handle, type NodeProps, NodeResizer, Position } from "@xyflow/react";
import { ChevronDown, ChevronRight, Ungroup } from "lucide-react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { TitleField } from "../controls/TitleField";
import { changeGroup, changeNote, LEAST_NOTE, removeGroup } from "../model/frames";
import { FOLD_PORT } from "../model/scene";
import { type DesignerStore, useDesigner, useDesignerStore } from "../store";

/** The last request of the keyboard that a designer has followed. */
const followed = new WeakMap<DesignerStore, number>();

/** Does something when the keyboard asks for a field of a thing: once, also where that is drawn anew. */
function useSought(id: string, field: string, act: () => void): void {
  const store = useDesignerStore();
  const serial = useDesigner(({ sought }) => (sought?.id === id && sought.field === field ? sought.serial : 0));
  // Before the next key comes.
  useLayoutEffect(() => {
    if (serial <= (followed.get(store) ?? 0)) return;
    followed.set(store, serial);
    act();
  }, [serial]);
}

/** A frame around steps. */
export const FrameNode = memo(function FrameNode({ id, selected }: NodeProps) {
  const group = useDesigner((state) => state.draft.groups.find((found) => found.id === id));
  const edit = useDesigner((state) => state.edit);
  const title = useRef<HTMLInputElement>(null);
  useSought(id, "title", () => {
    title.current?.focus();
    title.current?.select();
  });
  if (!group) return null;
  return (
    <div className={selected ? "frame is-selected" : "frame"}>
      <div className="frame-title">
        <button
          type="button"
          className="icon-button nodrag"
          aria-label={`Fold up ${group.title}`}
          data-tip="Fold up"
          onClick={() => edit("Fold up a group", changeGroup(id, { isCollapsed: true }))}
        >
          <ChevronDown size={14} />
        </button>
        <TitleField
          className="frame-name nodrag"
          label="Group's title"
          value={group.title}
          minWidth={4}
          ref={title}
          onCommit={(title) => edit("Rename a group", changeGroup(id, { title }))}
        />
        <button
          type="button"
          className="icon-button nodrag frame-ungroup"
          aria-label={`Take ${group.title} apart`}
          data-tip="Take the group apart; its steps stay"
          onClick={() => edit("Take a group apart", removeGroup(id))}
        >
          <Ungroup size={14} />
        </button>
      </div>
    </div>
  );
});

/** A frame that is folded up: one box for all its steps. */
export const FoldNode = memo(function FoldNode({ id, selected }: NodeProps) {
  const group = useDesigner((state) => state.draft.groups.find((found) => found.id === id));
  const problems = useDesigner(
    (state) => group?.steps.reduce((count, step) => count + (state.problemsOf[step]?.length ?? 0), 0) ?? 0,
  );
  const edit = useDesigner((state) => state.edit);
  if (!group) return null;
  return (
    <div className={selected ? "step fold is-selected" : "step fold"}>
      <button
        type="button"
        className="icon-button nodrag"
        aria-label={`Unfold ${group.title}`}
        data-tip="Unfold"
        onClick={() => edit("Unfold a group", changeGroup(id, { isCollapsed: false }))}
      >
        <ChevronRight size={16} />
      </button>
      <span className="step-words">
        <span className="step-name">{group.title}</span>
        <span className="step-summary">
          {group.steps.length} {group.steps.length === 1 ? "step" : "steps"}
          {problems > 0 && `, ${problems} ${problems === 1 ? "problem" : "problems"}`}
        </span>
      </span>
      <Handle type="target" id={FOLD_PORT} position={Position.Left} isConnectable={false} className="port" />
      <Handle type="source" id={FOLD_PORT} position={Position.Right} isConnectable={false} className="port" />
    </div>
  );
});

/** A text on the canvas. */
export const NoteNode = memo(function NoteNode({ id, selected }: NodeProps) {
  const note = useDesigner((state) => state.draft.notes.find((found) => found.id === id));
  const edit = useDesigner((state) => state.edit);
  const [isWriting, setIsWriting] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useSought(id, "text", () => setIsWriting(true));
  useLayoutEffect(() => {
    const text = field.current;
    if (!isWriting || !text) return;
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }, [isWriting]);
  if (!note) return null;
  return (
    <div className={selected ? "note is-selected" : "note"} onDoubleClick={() => setIsWriting(true)}>
      <NodeResizer
        isVisible={selected}
        minWidth={LEAST_NOTE.width}
        minHeight={LEAST_NOTE.height}
        onResizeEnd={(_event, { x, y, width, height }) => edit("Resize a note", changeNote(id, { x, y, width, height }))}
      />
      {isWriting ? (
        <textarea
          ref={field}
          className="nodrag nowheel"
          aria-label="Note"
          value={note.text}
          onChange={(event) => edit("Write a note", changeNote(id, { text: event.target.value }), `note:${id}`)}
          onBlur={() => setIsWriting(false)}
          onKeyDown={(event) => event.key === "Escape" && setIsWriting(false)}
        />
      ) : (
        <p>{note.text || <em>Double-click to write</em>}</p>
      )}
    </div>
  );
});
