import { ChevronDown, ChevronUp } from "lucide-react";
import { type ComponentType, type KeyboardEvent, useRef } from "react";
import { Splitter } from "../controls/Splitter";
import { type PanelTab, shownStep, useDesigner } from "../store";
import { TraceTab } from "../trace/TraceTab";
import { LEAST_PX, setHeight, usePanel } from "./panelState";
import { PlanTab } from "./PlanTab";
import { PreviewTab } from "./PreviewTab";
import { ProblemsTab } from "./ProblemsTab";
import { ProfileTab } from "./ProfileTab";
import { SchemaTab } from "./SchemaTab";

const TABS: Record<PanelTab, readonly [title: string, Tab: ComponentType]> = {
  preview: ["Preview", PreviewTab],
  schema: ["Schema", SchemaTab],
  profile: ["Profile", ProfileTab],
  trace: ["Trace", TraceTab],
  problems: ["Problems", ProblemsTab],
  plan: ["Plan", PlanTab],
};
const NAMES = Object.keys(TABS) as PanelTab[];

/** Preview, schema and profile of the selected step; problems and plan of all. */
export function BottomPanel() {
  const { isOpen, tab } = useDesigner((state) => state.panel);
  const showPanel = useDesigner((state) => state.showPanel);
  const errors = useDesigner((state) => state.truth.problems.filter((problem) => problem.severity === "error").length);
  const warnings = useDesigner((state) => state.truth.problems.length) - errors;
  const isEmpty = useDesigner((state) => state.draft.order.length === 0);
  const stepName = useDesigner((state) => state.draft.steps[shownStep(state) ?? ""]?.name);
  const heightPx = usePanel((state) => state.heightPx);
  const tabs = useRef<HTMLDivElement>(null);
  const [, Tab] = TABS[tab];

  function press(event: KeyboardEvent) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const next = (NAMES.indexOf(tab) + move + NAMES.length) % NAMES.length;
    showPanel(NAMES[next]!);
    tabs.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  }

  return (
    <section className="panel" aria-label="Panel" style={isOpen ? { height: heightPx } : undefined} data-open={isOpen || undefined}>
      {isOpen && (
        <Splitter label="Height of the panel" className="panel-handle" axis="y" value={heightPx} least={LEAST_PX} onChange={setHeight} />
      )}
      <header className="panel-head">
        <div ref={tabs} role="tablist" aria-label="Panel" onKeyDown={press}>
          {NAMES.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`panel-tab-${name}`}
              aria-selected={isOpen && tab === name}
              aria-controls="panel-body"
              tabIndex={tab === name ? 0 : -1}
              onClick={() => showPanel(isOpen && tab === name ? null : name)}
            >
              {TABS[name][0]}
              {name === "problems" && !isEmpty && errors + warnings > 0 && (
                <span className="panel-count" data-severity={errors > 0 ? "error" : "warning"}>
                  {(errors + warnings).toLocaleString()}
                </span>
              )}
            </button>
          ))}
        </div>
        {isOpen && stepName && tab !== "problems" && tab !== "plan" && <span className="panel-step">{stepName}</span>}
        <span className="spacer" />
        <button
          type="button"
          className="icon-button"
          aria-label={isOpen ? "Close the panel" : "Open the panel"}
          aria-expanded={isOpen}
          onClick={() => showPanel(isOpen ? null : tab)}
        >
          {isOpen ? <ChevronDown size={16} aria-hidden /> : <ChevronUp size={16} aria-hidden />}
        </button>
      </header>
      {isOpen && (
        <div className="panel-body" role="tabpanel" id="panel-body" aria-labelledby={`panel-tab-${tab}`}>
          <Tab />
        </div>
      )}
    </section>
  );
}
