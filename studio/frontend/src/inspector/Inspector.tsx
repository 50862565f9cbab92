import { useEffect, useRef, type KeyboardEvent } from "react";
import { useDesigner, useDesignerStore } from "../store";
import { EdgeSettings } from "./EdgeSettings";
import { ManySteps } from "./ManySteps";
import { PipelineSettings } from "./PipelineSettings";
import { useRecipeKeeper } from "./recipeKeeper";
import { focusField } from "./seeking";
import { StepSettings } from "./StepSettings";

/** The form of what is selected: a step, several, or the pipeline itself. */
export function Inspector() {
  const store = useDesignerStore();
  const steps = useDesigner((state) => state.selection.steps);
  const sought = useDesigner((state) => state.sought);
  const root = useRef<HTMLElement>(null);
  const [only] = steps;
  const edge = useDesigner(({ selection }) => (selection.edges.size === 1 && !selection.items.size ? [...selection.edges][0] : undefined));
  useRecipeKeeper();

  useEffect(() => {
    if (sought?.field && root.current) focusField(root.current, sought.field);
  }, [sought]);

  function press(event: KeyboardEvent) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    // One undo list over canvas and forms: the boxes' own would undo letters that the list does not know of.
    event.preventDefault();
    event.stopPropagation();
    const { undo, redo } = store.getState();
    (key === "y" || event.shiftKey ? redo : undo)();
  }

  return (
    <aside ref={root} className="inspector" aria-label="Inspector" onKeyDown={press}>
      {only === undefined ? edge === undefined ? <PipelineSettings /> : <EdgeSettings id={edge} /> : steps.size > 1 ? <ManySteps ids={steps} /> : <StepSettings key={only} id={only} />}
    </aside>
  );
}
