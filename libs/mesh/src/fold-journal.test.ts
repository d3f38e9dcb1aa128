/** A state that is kept up to date with a real server's journal. */
import type { Entry } from "@baton/contracts";
import { type JournalMessage, messageOf, whereabouts } from "@baton/folds";
import { sampleEntry, withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { foldJournal } from "./fold-journal.ts";
import { holdLast } from "./held-messages.ts";
import { type Mesh, openMesh } from "./mesh.ts";

/** Appends a candidate's entries, one for each change. */
async function tell(mesh: Mesh, candidateId: string, all: readonly Partial<Entry>[]) {
  let prev = 0;
  const stored = [];
  for (const [index, changes] of all.entries()) {
    const entry = sampleEntry({ candidateId, n: index + 1, prev, ...changes });
    const appended = await mesh.journal.append(entry);
    if (appended.kind !== "stored") throw new Error("not stored");
    prev = appended.sequence;
    stored.push({ sequence: prev, entry });
  }
  return stored;
}

const LEFT = { holder: "closed", awaits: null, deadline: null } as const;
const ON_THE_WAY = [
  {},
  { holder: "lane-b", stage: "candidate-build" },
  { holder: "lane-c", stage: "backtest" },
] as const;
const { signal } = new AbortController();

test("of open candidates it's known where they stand, and of closed ones nothing, whoever wrote it", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    const journal = foldJournal(mesh, whereabouts);
    await tell(mesh, "cand-of-others", ON_THE_WAY);
    await tell(mesh, "cand-that-ended", [...ON_THE_WAY, { ...LEFT, stage: "audit" }]);
    const [, last] = await tell(mesh, "cand-of-ours", ON_THE_WAY.slice(0, 2));
    if (!last) throw new Error("nothing was told");
    journal.note(last);
    expect(journal).toMatchObject({ behind: undefined, caughtUp: false });
    expect([...journal.state.keys()]).toEqual(["cand-of-ours"]);
    expect(await journal.advance(signal)).toBe(true);
    expect(journal).toMatchObject({ behind: 0, caughtUp: true });
    expect(journal.state.get("cand-of-others")?.awaited).toMatchObject({ lane: "lane-c" });
    expect([...journal.state.keys()].toSorted()).toEqual(["cand-of-others", "cand-of-ours"]);
    await tell(mesh, "cand-that-came-later", ON_THE_WAY);
    await journal.advance(signal);
    expect(journal.state.get("cand-that-came-later")?.n).toBe(3);
  });
});

test("a candidate whose last message nobody can read stands where its last entry says", async () => {
  await withNats(async ({ url }) => {
    await using mesh = await openMesh({ url, name: "test", provision: true });
    await tell(mesh, "cand-1-forged", ON_THE_WAY);
    await tell(mesh, "cand-2-forged", ON_THE_WAY);
    await mesh.js.publish("baton.journal.closed.cand-1-forged.audit.run-forged", "{}");
    await mesh.js.publish("baton.journal.lane-a.cand-2-forged.audit.run-forged", "no JSON");
    await mesh.js.publish("baton.journal.nobody", "{}");
    const unreadable: number[] = [];
    const onUnreadable = (sequence: number) => void unreadable.push(sequence);
    const journal = foldJournal(mesh, whereabouts, { onUnreadable });
    await journal.advance(signal);
    expect(journal.state.get("cand-1-forged")?.n).toBe(3);
    expect(journal.state.get("cand-2-forged")?.n).toBe(3);
    expect(unreadable).toEqual([7, 8]);
  });
});

test.each([1, 5000, Number.POSITIVE_INFINITY])(
  "it comes to the same when no more than %d bytes are held",
  async (bytes) => {
    await withNats(async ({ url }) => {
      await using mesh = await openMesh({ url, name: "test", provision: true });
      const ways = [1, 2, 3, 2, 1].map((count, index) => ({
        candidateId: `cand-number-${index}`,
        all: [...ON_THE_WAY.slice(0, count), ...(index % 2 === 0 ? [] : [LEFT])],
      }));
      await Promise.all(ways.map(({ candidateId, all }) => tell(mesh, candidateId, all)));
      const each = whereabouts.empty();
      const last = whereabouts.empty();
      const give = (message: JournalMessage): void => void whereabouts.apply(last, message);
      const held = holdLast({ give, most: bytes });
      const { state } = await mesh.jsm.streams.info("JOURNAL");
      for (let seq = 1; seq <= state.last_seq; seq += 1) {
        const message = await mesh.jsm.streams.getMessage("JOURNAL", { seq });
        const entry = await mesh.journal.at(seq);
        if (!message || !entry) throw new Error("a gap");
        whereabouts.apply(each, messageOf(entry));
        held.take({
          ...message,
          seq,
          subject: message.subject,
          data: message.data,
          storedMs: 0,
          headers: message.header,
        });
      }
      held.release();
      expect(last).toEqual(each);
      expect(last.size).toBe(3);
    });
  },
);
