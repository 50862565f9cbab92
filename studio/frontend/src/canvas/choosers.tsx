import { useReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { iconOf } from "../icons";
import type { Point } from "../messages";
import { adding, type Wanted } from "../model/adding";
import { blueprints, matching } from "../model/blueprints";
import { type Connecting, waysOf } from "../model/connecting";
import { type Draft, stepOf } from "../model/draft";
import { search } from "../model/searching";
import { summaryOf } from "../model/summaries";
import { useDesigner, useDesignerStore } from "../store";
import { Chooser } from "./Chooser";

/** What is chosen from on the canvas. */
export type Choosing =
  | { readonly kind: "add"; readonly at: Point; readonly wanted: Omit<Wanted, "at"> }
  | Connecting
  | { readonly kind: "search" };

interface ChoosingProps {
  readonly choosing: Choosing;
  readonly onClose: () => void;
}

/** The list that is open on the canvas. */
export function OpenChooser({ choosing, onClose }: ChoosingProps) {
  if (choosing.kind === "add") return <QuickAdd at={choosing.at} wanted={choosing.wanted} onClose={onClose} />;
  if (choosing.kind === "search") return <Search onClose={onClose} />;
  return <Connect choosing={choosing} onClose={onClose} />;
}

function QuickAdd({ at, wanted, onClose }: { at: Point; wanted: Omit<Wanted, "at">; onClose: () => void }) {
  const store = useDesignerStore();
  const catalog = useDesigner((state) => state.catalog);
  const { flowToScreenPosition } = useReactFlow();
  const fitting = useMemo(() => {
    const all = blueprints(catalog);
    return all.filter((blueprint) => (!wanted.from?.length || blueprint.takesInput) && (!wanted.to || blueprint.givesOutput));
  }, [catalog, wanted]);
  const { x, y } = flowToScreenPosition(at);
  const place = (key: string) => {
    const blueprint = fitting.find((found) => found.key === key);
    if (!blueprint) return;
    const { draft, edit, seek } = store.getState();
    const added = adding(draft, blueprint.step, { at, ...wanted }, catalog.recipes);
    edit(`Add ${blueprint.title}`, added.edit);
    seek(added.id);
    onClose();
  };
  return (
    <Chooser
      label="Add a step…"
      empty="No step is called that"
      className="is-floating"
      style={{ left: `min(${x}px, 100vw - 340px)`, top: `min(${y}px, 100vh - 340px)` }}
      choices={(text) =>
        matching(fitting, text).map(({ key, title, section, description, icon }) => {
          return { key, title, icon, detail: section === "Sources" || section === "Stores" ? description : section };
        })
      }
      onChoose={place}
      onClose={onClose}
    />
  );
}

function Connect({ choosing, onClose }: { choosing: Connecting; onClose: () => void }) {
  const { draft, catalog, edit, seek } = useDesigner((state) => state);
  const ways = useMemo(() => waysOf(draft, choosing, catalog.recipes), [draft, choosing, catalog]);
  return (
    <Chooser
      label={titleOf(draft, choosing)}
      empty="No step is called that"
      className="is-centred"
      choices={(text) => {
        const found = ways.filter(({ title }) => title.toLowerCase().includes(text.toLowerCase()));
        return found.map(({ key, other, title, refusal }) => {
          const step = stepOf(draft, other);
          return { key, title, refusal, detail: summaryOf(step, catalog.recipes), icon: iconOf(step) };
        });
      }}
      onChoose={(key) => {
        const way = ways.find((found) => found.key === key);
        if (!way) return;
        edit(choosing.kind === "reconnect" ? "Move an edge" : "Connect steps", way.edit);
        seek(way.target);
        onClose();
      }}
      onClose={onClose}
    />
  );
}

function titleOf(draft: Draft, choosing: Connecting): string {
  if (choosing.kind === "connect") return `Connect ${stepOf(draft, choosing.from).name} to…`;
  if (choosing.kind === "feed") return `${stepOf(draft, choosing.to).name} reads…`;
  return "Move the edge to…";
}

function Search({ onClose }: { onClose: () => void }) {
  const { draft, seek } = useDesigner((state) => state);
  return (
    <Chooser
      label="Find in steps, SQL and settings…"
      empty="Nothing holds that text"
      className="is-centred"
      choices={(text) =>
        search(draft, text).map(({ step, field, before, match, after }) => {
          const form = stepOf(draft, step);
          const detail = field === "name" ? summaryOf(form) : `${field}: ${before}${match}${after}`;
          return { key: step, title: form.name, detail, icon: iconOf(form) };
        })
      }
      onChoose={(step) => {
        seek(step);
        onClose();
      }}
      onClose={onClose}
    />
  );
}
