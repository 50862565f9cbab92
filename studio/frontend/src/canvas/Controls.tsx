import { useReactFlow, useStore } from "@xyflow/react";
import {
  AlignCenterHorizontal, AlignCenterVertical, AlignEndHorizontal, AlignEndVertical, AlignHorizontalDistributeCenter,
  AlignStartHorizontal, AlignStartVertical, AlignVerticalDistributeCenter, Copy, Group, Keyboard, type LucideIcon,
  Maximize, Minus, Network, Plus, Search, StickyNote, Trash2,
} from "lucide-react";
import { memo } from "react";
import { useDesigner } from "../store";
import type { Actions } from "./actions";

interface ControlsProps {
  readonly actions: Actions;
  readonly onNote: () => void;
  readonly onSearch: () => void;
  readonly onHelp: () => void;
}

/** The buttons in the corner of the canvas. */
export const Controls = memo(function Controls({ actions, onNote, onSearch, onHelp }: ControlsProps) {
  const { zoomIn, zoomOut, zoomTo } = useReactFlow();
  const percent = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <div className="controls" role="toolbar" aria-label="Canvas">
      <Tool icon={Minus} name="Zoom out" keys="-" onClick={() => void zoomOut({ duration: 120 })} />
      <button type="button" className="zoom" data-tip="Zoom to actual size (0)" onClick={() => void zoomTo(1, { duration: 120 })}>
        {percent}%
      </button>
      <Tool icon={Plus} name="Zoom in" keys="+" onClick={() => void zoomIn({ duration: 120 })} />
      <Tool icon={Maximize} name="Fit" keys="F" onClick={actions.fit} />
      <i className="divider" />
      <Tool icon={Network} name="Lay out" keys="L" onClick={() => void actions.layOut()} />
      <Tool icon={StickyNote} name="Note" keys="N" onClick={onNote} />
      <Tool icon={Search} name="Find" keys="Ctrl F" onClick={onSearch} />
      <Tool icon={Keyboard} name="Keyboard" keys="?" onClick={onHelp} />
    </div>
  );
});

/** What can be done with several selected steps. */
export const SelectionTools = memo(function SelectionTools({ actions }: { actions: Actions }) {
  const count = useDesigner((state) => state.selection.steps.size);
  if (count < 2) return null;
  return (
    <div className="selection-tools" role="toolbar" aria-label="Selected steps">
      <span className="selection-count">{count} steps</span>
      <i className="divider" />
      <Tool icon={AlignStartVertical} name="Align left" onClick={() => actions.align("left")} />
      <Tool icon={AlignCenterVertical} name="Align centres" onClick={() => actions.align("center")} />
      <Tool icon={AlignEndVertical} name="Align right" onClick={() => actions.align("right")} />
      <Tool icon={AlignStartHorizontal} name="Align tops" onClick={() => actions.align("top")} />
      <Tool icon={AlignCenterHorizontal} name="Align middles" onClick={() => actions.align("middle")} />
      <Tool icon={AlignEndHorizontal} name="Align bottoms" onClick={() => actions.align("bottom")} />
      <i className="divider" />
      <Tool icon={AlignHorizontalDistributeCenter} name="Distribute across" onClick={() => actions.distribute("x")} />
      <Tool icon={AlignVerticalDistributeCenter} name="Distribute down" onClick={() => actions.distribute("y")} />
      <Tool icon={Network} name="Lay out" keys="L" onClick={() => void actions.layOut()} />
      <i className="divider" />
      <Tool icon={Group} name="Group" keys="Ctrl G" onClick={actions.group} />
      <Tool icon={Copy} name="Duplicate" keys="Ctrl D" onClick={actions.duplicate} />
      <Tool icon={Trash2} name="Remove" keys="Delete" onClick={() => actions.remove()} />
    </div>
  );
});

function Tool(props: { icon: LucideIcon; name: string; keys?: string; onClick: () => void }) {
  const { icon: Drawn, name, keys, onClick } = props;
  return (
    <button type="button" className="icon-button" aria-label={name} data-tip={keys ? `${name} (${keys})` : name} onClick={onClick}>
      <Drawn size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
