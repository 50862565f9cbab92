import { Cloud, CloudAlert, CloudCheck, CloudOff, CloudUpload, type LucideIcon } from "lucide-react";
import { useDesigner } from "../store";

interface Look {
  readonly icon: LucideIcon;
  readonly text: string;
  readonly tip: string;
  readonly tone: "plain" | "bad";
}

/** Whether what is on the canvas is kept, and what stands against it. */
export function SaveMark() {
  const save = useDesigner((state) => state.save);
  const design = useDesigner((state) => state.design);
  const retrySave = useDesigner((state) => state.retrySave);
  const showDialog = useDesigner((state) => state.showDialog);
  const { icon: Drawn, text, tip, tone } = lookOf();
  return (
    <>
      <button
        type="button"
        className={`save-mark is-${tone}`}
        data-tip={tip}
        aria-live="polite"
        onClick={() => save.kind === "away" && retrySave()}
      >
        <Drawn size={15} strokeWidth={1.75} aria-hidden />
        {text}
      </button>
      <button
        type="button"
        className="save-mark"
        data-tip={design.is_changed ? "Save a version (Ctrl S)" : "Nothing has changed since this version"}
        onClick={() => showDialog({ kind: "version" })}
      >
        {design.version === 0 ? "No version yet" : `v${design.version}${design.is_changed ? " + changes" : ""}`}
      </button>
    </>
  );

  function lookOf(): Look {
    switch (save.kind) {
      case "saved":
        return { icon: CloudCheck, text: "Saved", tip: `Kept in ${design.path || "the workspace"}`, tone: "plain" };
      case "waiting":
        return { icon: Cloud, text: "Edited", tip: "Saved in a moment", tone: "plain" };
      case "saving":
        return { icon: CloudUpload, text: "Saving", tip: "Being saved", tone: "plain" };
      case "away":
        return {
          icon: CloudOff,
          text: "Not saved: no server",
          tip: `${save.why.what}: ${save.why.fix}.\nYour changes are kept in this browser until it is back. Click to try now.`,
          tone: "bad",
        };
      case "refused":
        return { icon: CloudAlert, text: "Not saved", tip: [save.why.what, save.why.fix].filter(Boolean).join("\n"), tone: "bad" };
      case "conflict":
        return {
          icon: CloudAlert,
          text: "Changed elsewhere",
          tip: `${save.theirs.author || "Another browser"} changed this pipeline meanwhile`,
          tone: "bad",
        };
    }
  }
}
