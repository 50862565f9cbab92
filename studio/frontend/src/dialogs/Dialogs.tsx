/** The dialog that is open, if any. */
export function Dialogs() {
  return null;
}
