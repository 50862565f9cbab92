import { describe, expect, it } from "vitest";
import { joinedSales } from "../testing/drafts";
import { addNote, LEAST_NOTE, resizeNote } from "./frames";

describe("a note", () => {
  const { draft } = joinedSales();
  const noted = addNote({ x: 0, y: 0 }, "n1", "Mind")(draft);

  it("gets wider or higher, and stays where it is", () => {
    const { notes } = resizeNote("n1", { width: 24 })(resizeNote("n1", { height: 8 })(noted));
    expect(notes).toEqual([{ id: "n1", text: "Mind", x: 0, y: 0, width: 224, height: 104 }]);
  });

  it("gets no smaller than can be read", () => {
    const { notes } = resizeNote("n1", { width: -500, height: -500 })(noted);
    expect(notes[0]).toMatchObject(LEAST_NOTE);
  });

  it("that is as small as can be is no edit", () => {
    const least = resizeNote("n1", { width: -500, height: -500 })(noted);
    expect(resizeNote("n1", { width: -1 })(least)).toBe(least);
  });
});
