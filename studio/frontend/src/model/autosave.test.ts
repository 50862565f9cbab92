import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, ServerAway } from "../api";
import type { AutosaveAnswer, AutosaveRequest, Document } from "../messages";
import { documentOf, source } from "../testing/drafts";
import { Autosaver, type SaveState } from "./autosave";

/** A server that keeps documents as the real one does: on top of the newest revision or not at all. */
class Server {
  revision = 1;
  kept: Document = documentOf();
  isAway = false;
  readonly waiting: (() => void)[] = [];
  isSlow = false;

  async keep({ base_revision, document }: AutosaveRequest): Promise<AutosaveAnswer> {
    if (this.isSlow) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.isAway) throw new ServerAway(new TypeError("no network"));
    if (base_revision !== this.revision) {
      return { revision: this.revision, is_kept: false, theirs: this.kept, merged: null, author: "ada", warnings: [] };
    }
    this.revision += 1;
    this.kept = document;
    return { revision: this.revision, is_kept: true, theirs: null, merged: null, author: "", warnings: [] };
  }
}

function desk(server: Server) {
  const states: SaveState[] = [];
  const stowed: (AutosaveRequest | null)[] = [];
  const now = { document: documentOf() };
  const saver = new Autosaver(
    {
      send: (wanted) => server.keep(wanted),
      current: () => now.document,
      report: (state) => states.push(state),
      stow: (unsaved) => stowed.push(unsaved),
    },
    server.revision,
  );
  const edit = (...names: string[]) => {
    now.document = documentOf(...names.map(source));
    saver.touch();
  };
  return { saver, states, stowed, edit };
}

const names = (document: Document) => document.pipeline.steps.map((step) => step.name);
const kinds = (states: readonly SaveState[]) => states.map((state) => state.kind);

describe("autosave", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it("keeps the document once, after a pause in the edits", async () => {
    const server = new Server();
    const { edit, states } = desk(server);
    edit("a");
    await vi.advanceTimersByTimeAsync(300);
    edit("a", "b");
    await vi.advanceTimersByTimeAsync(300);
    expect(server.revision).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.revision).toBe(2);
    expect(names(server.kept)).toEqual(["a", "b"]);
    expect(kinds(states)).toEqual(["waiting", "waiting", "saving", "saved"]);
  });

  it("sends an edit that came while another was on its way, on top of it", async () => {
    const server = new Server();
    server.isSlow = true;
    const { edit, states } = desk(server);
    edit("a");
    await vi.advanceTimersByTimeAsync(500);
    edit("a", "b");
    server.isSlow = false;
    server.waiting.splice(0).forEach((go) => go());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(names(server.kept)).toEqual(["a", "b"]);
    expect(server.revision).toBe(3);
    expect(states.at(-1)?.kind).toBe("saved");
  });

  it("says that the server is away, stows the edit, and sends it when the server is back", async () => {
    const server = new Server();
    server.isAway = true;
    const { edit, states, stowed } = desk(server);
    edit("a");
    await vi.advanceTimersByTimeAsync(500);
    expect(states.at(-1)).toMatchObject({ kind: "away", why: { what: "the Studio's server does not answer" } });
    expect(stowed.at(-1)?.base_revision).toBe(1);
    edit("a", "b");
    expect(names(stowed.at(-1)!.document)).toEqual(["a", "b"]);
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(names(server.kept)).toEqual(["a", "b"]);
    expect(stowed.at(-1)).toBeNull();
  });

  it("stops at a conflict, sends nothing more, and goes on from their revision once it is decided", async () => {
    const server = new Server();
    const { saver, edit, states } = desk(server);
    await server.keep({ base_revision: 1, document: documentOf(source("theirs")) });
    edit("mine");
    await vi.advanceTimersByTimeAsync(500);
    expect(states.at(-1)).toMatchObject({ kind: "conflict", theirs: { author: "ada", revision: 2 } });
    edit("mine", "more");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(names(server.kept)).toEqual(["theirs"]);
    saver.resume(2, true);
    await vi.advanceTimersByTimeAsync(100);
    expect(names(server.kept)).toEqual(["mine", "more"]);
  });

  it("says what the server refuses, and tries again with the next edit alone", async () => {
    const server = new Server();
    const refuse = vi.spyOn(server, "keep").mockRejectedValue(new ApiError(413, "the request is too large", "", "split it"));
    const { edit, states } = desk(server);
    edit("a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refuse).toHaveBeenCalledTimes(1);
    expect(states.at(-1)).toMatchObject({ kind: "refused", why: { fix: "split it" } });
    refuse.mockRestore();
    edit("a", "b");
    await vi.advanceTimersByTimeAsync(500);
    expect(names(server.kept)).toEqual(["a", "b"]);
  });

  it("sends everything before it says that everything is kept, also what came while it was sending", async () => {
    const server = new Server();
    server.isSlow = true;
    const { saver, edit } = desk(server);
    edit("a");
    await vi.advanceTimersByTimeAsync(500);
    edit("a", "b");
    const kept = saver.flush();
    server.isSlow = false;
    server.waiting.splice(0).forEach((go) => go());
    expect(await kept).toBe(true);
    expect(names(server.kept)).toEqual(["a", "b"]);
  });

  it("says to everybody who waits that everything is kept, and only once it is", async () => {
    const server = new Server();
    server.isSlow = true;
    const { saver, edit } = desk(server);
    const answer = () => server.waiting.splice(0).forEach((go) => go());
    edit("a");
    await vi.advanceTimersByTimeAsync(500);
    edit("a", "b");
    const kept: boolean[] = [];
    void saver.flush().then((isKept) => kept.push(isKept));
    void saver.flush().then((isKept) => kept.push(isKept));
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(names(server.kept)).toEqual(["a"]);
    expect(kept).toEqual([]);
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(kept).toEqual([true, true]);
    expect(names(server.kept)).toEqual(["a", "b"]);
    expect(server.revision).toBe(3);
  });

  it("that was closed tries no more", async () => {
    const server = new Server();
    server.isAway = true;
    const keep = vi.spyOn(server, "keep");
    const { saver, edit } = desk(server);
    edit("a");
    saver.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(keep).toHaveBeenCalledTimes(1);
  });

  it("sends what is unsaved at once when the page is left, and stows it in case it does not arrive", async () => {
    const server = new Server();
    const { saver, edit, stowed } = desk(server);
    edit("a");
    saver.close();
    expect(stowed.at(-1)).toMatchObject({ base_revision: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(names(server.kept)).toEqual(["a"]);
  });
});
