import { ChevronRight } from "lucide-react";
import { useState, type ReactNode } from "react";

// What was opened or closed stays so from one step to the next.
const remembered = new Map<string, boolean>();

interface Props {
  title: string;
  /** What it holds, in short, while it is closed. */
  summary?: string | undefined;
  isOpenAtFirst?: boolean;
  hasProblem?: boolean;
  children: ReactNode;
}

/** A part of a form that can be folded. */
export function Section({ title, summary, isOpenAtFirst = false, hasProblem = false, children }: Props) {
  const [isOpen, setOpen] = useState(remembered.get(title) ?? isOpenAtFirst);
  return (
    <details
      className="section"
      open={isOpen}
      onToggle={(event) => {
        remembered.set(title, event.currentTarget.open);
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>
        <ChevronRight size={14} aria-hidden="true" className="section-mark" />
        <span className="section-title">{title}</span>
        {summary && <span className="section-summary">{summary}</span>}
        {hasProblem && <span className="section-problem" role="img" aria-label="has a problem" />}
      </summary>
      <div className="section-body">{children}</div>
    </details>
  );
}
