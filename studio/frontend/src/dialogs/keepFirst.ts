import type { DesignerState } from "../store";

/** Sends what is unsaved, before the server does something with what it has; throws where that cannot be kept yet. */
export async function keepFirst({ saveNow }: DesignerState): Promise<void> {
  if (!(await saveNow())) throw new Error("The last changes could not be kept on the server yet.");
}
