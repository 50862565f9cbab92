import type { ReactNode } from "react";
import type { ErrorAnswer } from "../messages";

/** What stands where there is nothing to show, and what to do about it. */
export function Empty({ children }: { children: ReactNode }) {
  return <div className="panel-empty">{children}</div>;
}

/** Why something could not be shown. */
export function Failure({ why, children }: { why: Pick<ErrorAnswer, "what" | "fix">; children?: ReactNode }) {
  return (
    <div className="panel-failure" role="alert">
      <p>
        <strong>{why.what}</strong>
      </p>
      {why.fix && <p>{why.fix}</p>}
      {children}
    </div>
  );
}
