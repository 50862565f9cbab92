import { BottomPanel } from "./panel/BottomPanel";
import { Dialogs } from "./dialogs/Dialogs";
import { Inspector } from "./inspector/Inspector";
import { useDesigner } from "./store";

/** The whole designer: top bar, palette, canvas, inspector and bottom panel. */
export function Designer(_props: { host: HTMLElement }) {
  const opening = useDesigner((state) => state.opening);
  if (opening.kind === "failed") {
    return (
      <div className="designer-failed" role="alert">
        <strong>{opening.why.what}</strong>
        <p>{opening.why.fix}</p>
      </div>
    );
  }
  return (
    <div className="designer" aria-busy={opening.kind === "busy"}>
      <main className="canvas" aria-label="Canvas" />
      <Inspector />
      <BottomPanel />
      <Dialogs />
    </div>
  );
}
