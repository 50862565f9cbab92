import type { AutosaveRequest } from "../messages";

const PREFIX = "odibi-unsaved:";

/** What a page could not save, as the browser keeps it. */
interface Stowed {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly unsaved: AutosaveRequest;
}

interface Found {
  readonly key: string;
  readonly stowed: Stowed;
}

/**
 * Keeps what the server did not take of a design in the browser, so that closing a page loses nothing.
 *
 * Every page has a place of its own: what one saves takes nothing from another. A page that opens the design takes
 * over what closed ones left; those that are open hold a lock that tells them apart.
 */
export class Stowage {
  private readonly key: string;
  private release: () => void = () => {};
  private left: Found[] = [];

  constructor(private readonly designId: string) {
    this.key = `${PREFIX}${designId}:${Math.random().toString(36).slice(2, 12)}`;
    const untilClosed = new Promise<void>((resolve) => (this.release = resolve));
    void locks()?.request(this.key, () => untilClosed).catch(() => {});
  }

  /** Keeps it; null forgets it. Gives back whether the browser did. */
  keep(unsaved: AutosaveRequest | null): boolean {
    try {
      if (unsaved) localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), unsaved } satisfies Stowed));
      else localStorage.removeItem(this.key);
      return true;
    } catch {
      // Full or forbidden storage: the page still holds the document and goes on trying the server.
      return false;
    }
  }

  /** Looks for what closed pages left; `takeOver` gives it. */
  async find(): Promise<void> {
    const open = await openKeys();
    this.left = stowedKeys(`${PREFIX}${this.designId}:`)
      .filter((key) => key !== this.key && !open.has(key))
      .flatMap((key) => read(key) ?? [])
      .sort((one, other) => one.stowed.at - other.stowed.at);
  }

  /** Takes over the oldest that was found; null where there is none any more. */
  takeOver(): AutosaveRequest | null {
    const first = this.left.shift();
    if (!first) return null;
    // Another page may have been faster.
    if (!read(first.key)) return this.takeOver();
    // It is kept here before it goes there: a crash between the two has it twice, never not at all.
    if (this.keep(first.stowed.unsaved)) localStorage.removeItem(first.key);
    return first.stowed.unsaved;
  }

  /** Says that the page is closed: another may take over what it left. */
  close(): void {
    this.release();
  }
}

/** Only pages that came by HTTPS or from this machine have locks; without them every other page counts as closed. */
function locks(): LockManager | undefined {
  return navigator.locks as LockManager | undefined;
}

async function openKeys(): Promise<Set<string | undefined>> {
  const state = await locks()?.query();
  return new Set([...(state?.held ?? []), ...(state?.pending ?? [])].map(({ name }) => name));
}

function stowedKeys(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}

function read(key: string): Found | null {
  try {
    const stowed = JSON.parse(localStorage.getItem(key) ?? "") as Stowed;
    return typeof stowed.at === "number" && stowed.unsaved ? { key, stowed } : null;
  } catch {
    return null;
  }
}
