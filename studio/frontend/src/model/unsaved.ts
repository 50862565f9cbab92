import type { AutosaveRequest } from "../messages";

const PREFIX = "odibi-unsaved:";

/** Keeps what the server did not take in the browser, so that closing it loses nothing; null forgets it. */
export function stowUnsaved(designId: string, unsaved: AutosaveRequest | null): void {
  try {
    if (unsaved) localStorage.setItem(PREFIX + designId, JSON.stringify(unsaved));
    else localStorage.removeItem(PREFIX + designId);
  } catch {
    // Full or forbidden storage: the page still holds the document and goes on trying the server.
  }
}

/** What an earlier page of this browser could not save, or null. */
export function findUnsaved(designId: string): AutosaveRequest | null {
  try {
    const text = localStorage.getItem(PREFIX + designId);
    return text ? (JSON.parse(text) as AutosaveRequest) : null;
  } catch {
    return null;
  }
}
