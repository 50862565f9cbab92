import { Ban, CircleCheck, CircleHelp, CircleX, Clock, LoaderCircle, Square } from "lucide-react";
import { durationText } from "../charts/moments";
import type { RunSummary } from "../messages";
import { isGoing } from "../model/running";
import { useDesigner } from "../store";

const LOOKS = {
  queued: { icon: Clock, word: "Waiting" },
  running: { icon: LoaderCircle, word: "Running" },
  success: { icon: CircleCheck, word: "Succeeded" },
  failed: { icon: CircleX, word: "Failed" },
  cancelled: { icon: Ban, word: "Cancelled" },
  lost: { icon: CircleHelp, word: "Lost" },
} as const;

/** How the run that the canvas shows is going, with a way to all of it. */
export function RunMark() {
  const summary = useDesigner((state) => state.run.summary);
  const done = useDesigner(({ run }) => Object.values(run.statuses).filter((status) => status === "success" || status === "cached").length);
  const cancelRun = useDesigner((state) => state.cancelRun);
  if (!summary) return null;
  const { icon: Drawn, word } = LOOKS[summary.state];
  return (
    <>
      <a
        className={`run-mark is-${summary.state}`}
        href={`run?run=${encodeURIComponent(summary.run_id)}`}
        data-tip={[summary.error, summary.fix, summary.advice].filter(Boolean).join("\n") || "Open this run"}
        aria-live="polite"
      >
        <Drawn size={15} strokeWidth={1.75} aria-hidden />
        {word}
        <span className="run-mark-detail">{detailOf(summary, done)}</span>
      </a>
      {isGoing(summary) && (
        <button
          type="button"
          className="icon-button"
          aria-label="Cancel the run"
          data-tip={summary.is_cancelling ? "Stopping…" : "Cancel the run"}
          disabled={summary.is_cancelling}
          onClick={() => void cancelRun()}
        >
          <Square size={13} fill="currentColor" aria-hidden />
        </button>
      )}
    </>
  );
}

function detailOf({ state, total_steps, duration_ms, failed_step, queue_position }: RunSummary, done: number): string {
  switch (state) {
    case "queued":
      return queue_position > 0 ? `number ${queue_position}` : "";
    case "running":
      return total_steps > 0 ? `${done} of ${total_steps}` : "";
    case "failed":
      return failed_step;
    default:
      return duration_ms === null ? "" : durationText(duration_ms);
  }
}
