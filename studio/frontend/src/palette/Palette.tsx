import { useReactFlow } from "@xyflow/react";
import { Search } from "lucide-react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { Icon } from "../icons";
import { adding } from "../model/adding";
import { type Blueprint, BLUEPRINT_TYPE, blueprints, matching, SECTIONS } from "../model/blueprints";
import { onGrid } from "../model/layout";
import { givesOutputs } from "../model/kinds";
import { stepOf } from "../model/draft";
import { useDesigner, useDesignerStore } from "../store";

/** What can be put on the canvas: by dragging, or by a click, connected to the selected steps. */
export function Palette() {
  const catalog = useDesigner((state) => state.catalog);
  const [text, setText] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const add = useAdding();
  const all = useMemo(() => blueprints(catalog), [catalog]);
  const found = useMemo(() => matching(all, text), [all, text]);

  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>(".palette-item") ?? [])];
    const at = items.findIndex((item) => item.matches(":focus"));
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by) {
      event.preventDefault();
      items[Math.max(0, Math.min(items.length - 1, at + by))]?.focus();
    } else if (event.key === "Enter" && at < 0 && found[0]) {
      event.preventDefault();
      add(found[0]);
    }
  };

  return (
    <nav className="palette" aria-label="Steps to add" onKeyDown={onKeyDown}>
      <label className="palette-search">
        <Search size={15} strokeWidth={1.75} aria-hidden />
        <input
          type="search"
          placeholder="Add a step"
          aria-label="Search steps to add"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <div ref={list} className="palette-list">
        {SECTIONS.map((section) => {
          const items = found.filter((blueprint) => blueprint.section === section);
          return items.length ? (
            <section key={section} aria-label={section}>
              <h2>{section}</h2>
              {items.map((blueprint) => (
                <Item key={blueprint.key} blueprint={blueprint} onAdd={add} />
              ))}
            </section>
          ) : null;
        })}
        {!found.length && <p className="palette-empty">{text ? `No step is called “${text}”` : "Nothing to add yet"}</p>}
      </div>
    </nav>
  );
}

function Item({ blueprint, onAdd }: { blueprint: Blueprint; onAdd: (blueprint: Blueprint) => void }) {
  return (
    <button
      type="button"
      className={`palette-item in-${blueprint.section.toLowerCase()}`}
      data-tip={blueprint.description}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(BLUEPRINT_TYPE, blueprint.key);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => onAdd(blueprint)}
    >
      <Icon name={blueprint.icon} />
      <span>{blueprint.title}</span>
    </button>
  );
}

function useAdding() {
  const store = useDesignerStore();
  const { getViewport } = useReactFlow();
  return (blueprint: Blueprint) => {
    const { draft, selection, catalog, edit, seek } = store.getState();
    const giving = [...selection.steps].filter((id) => givesOutputs(stepOf(draft, id)));
    const from = blueprint.takesInput ? giving.map((step) => ({ step })) : [];
    const { x, y, zoom } = getViewport();
    const at = from.length ? undefined : { x: onGrid((160 - x) / zoom), y: onGrid((160 - y) / zoom) };
    const added = adding(draft, blueprint.step, { from, at }, catalog.recipes);
    edit(`Add ${blueprint.title}`, added.edit);
    seek(added.id);
  };
}
