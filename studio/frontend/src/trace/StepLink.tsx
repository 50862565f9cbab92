import { idsByName } from "../model/draft";
import { useDesignerStore } from "../store";

/** A step's name, which leads to the step. */
export function StepLink({ name }: { name: string }) {
  const store = useDesignerStore();
  function go() {
    const id = idsByName(store.getState().draft).get(name);
    if (id !== undefined) store.getState().seek(id);
  }
  return (
    <button type="button" className="trace-step" onClick={go}>
      {name}
    </button>
  );
}
