import { useStore, ViewportPortal } from "@xyflow/react";
import type { Guide } from "../model/guides";

/** The lines that a dragged step has in common with its neighbours. */
export function Guides({ guides }: { guides: readonly Guide[] }) {
  const zoom = useStore((state) => state.transform[2]);
  if (!guides.length) return null;
  const thin = 1.5 / zoom;
  return (
    <ViewportPortal>
      {guides.map(({ axis, at, from, to }) => (
        <i
          key={axis}
          className="guide"
          aria-hidden
          style={
            axis === "x"
              ? { left: at - thin / 2, top: from, width: thin, height: to - from }
              : { left: from, top: at - thin / 2, width: to - from, height: thin }
          }
        />
      ))}
    </ViewportPortal>
  );
}
