import { useDesigner } from "../store";
import { usePanel } from "./panelState";

const HEAD_PX = 34;

/** The room of the panel while it is fetched, so that the canvas is laid out in what is left of the page once. */
export function PanelSpace() {
  const isOpen = useDesigner((state) => state.panel.isOpen);
  const heightPx = usePanel((state) => state.heightPx);
  return <section className="panel" aria-busy style={{ height: isOpen ? heightPx : HEAD_PX }} />;
}
