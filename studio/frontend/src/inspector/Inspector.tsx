/** The form of the selected step. */
export function Inspector() {
  return <aside className="inspector" aria-label="Inspector" />;
}
