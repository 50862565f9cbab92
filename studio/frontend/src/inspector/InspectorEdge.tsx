import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { keepNumber, readNumber } from "../controls/keptNumber";
import { Splitter } from "../controls/Splitter";

const KEY = "odibi.inspector.width";
export const LEAST_PX = 280;
/** What is left to the palette and the canvas. */
const OTHERS_PX = 520;

/** The inspector's left edge, in an element that lies over it. The width that somebody gave it is kept in the browser; without one the page says it. */
export function InspectorEdge() {
  const [chosen, setChosen] = useState(() => readNumber(KEY));
  const [shown, setShown] = useState(chosen ?? LEAST_PX);
  const edge = useRef<HTMLDivElement>(null);

  // On a smaller page than the one where it was chosen the canvas keeps its room.
  useLayoutEffect(() => {
    const designer = edge.current?.closest<HTMLElement>(".designer");
    if (chosen === null) designer?.style.removeProperty("--inspector");
    else designer?.style.setProperty("--inspector", `min(${chosen}px, 100vw - ${OTHERS_PX}px)`);
  }, [chosen]);
  useEffect(() => {
    const area = edge.current;
    if (!area) return;
    const observer = new ResizeObserver(() => setShown(Math.round(area.getBoundingClientRect().width)));
    observer.observe(area);
    return () => observer.disconnect();
  }, []);

  function choose(px: number | null) {
    const most = Math.max(LEAST_PX, window.innerWidth - OTHERS_PX);
    const width = px === null ? null : Math.round(Math.min(most, Math.max(LEAST_PX, px)));
    setChosen(width);
    keepNumber(KEY, width);
  }

  return (
    <div ref={edge} className="inspector-edge">
      <Splitter
        label="Width of the inspector"
        className="inspector-handle"
        axis="x"
        value={shown}
        least={LEAST_PX}
        onChange={choose}
        onReset={() => choose(null)}
      />
    </div>
  );
}
