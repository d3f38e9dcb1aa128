/** What a disk has lost is found, on a real server whose files were damaged while it was down. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  artifactChunkSubject,
  type ArtifactRef,
  journalSubject,
  reportSubject,
  type WholeEntry,
  withBasis,
} from "@baton/contracts";
import { type TestNats, withNats } from "@baton/testkit";
import { expect, test } from "vitest";

import { sha256Of } from "./artifacts.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import { firstEntry, resultOf } from "./sample-entry.test-data.ts";
import { type Damage, type KeptStream, scrub } from "./scrub.ts";

const contentOf = (index: number): Buffer =>
  Buffer.from(`content of artifact ${index} `.repeat(99));

function refOf(index: number): ArtifactRef {
  const bytes = contentOf(index);
  return {
    name: `made/${index}.txt`,
    sha256: sha256Of(bytes),
    bytes: bytes.length,
    stage: "first",
    runId: "run-1000000",
  };
}

const ARTIFACTS = 9;
const PLAYBOOK = Buffer.from("a playbook");
const PRICES = Buffer.from("date,close");

function entryOf(candidateId: string): WholeEntry {
  const entry = {
    ...firstEntry(candidateId),
    playbook: sha256Of(PLAYBOOK),
    artifacts: Array.from({ length: ARTIFACTS }, (_, index) => refOf(index)),
    spec: { universe: [{ csv: { sha256: sha256Of(PRICES) } }, { csv: "x" }, null] },
  };
  return withBasis(entry, undefined);
}

/** A mesh with nine artifacts, a playbook, prices, three candidates and twelve reports; `use` gets it after what `damage` did. */
async function withStored(
  damage: (nats: TestNats) => void,
  use: (nats: TestNats) => Promise<void>,
): Promise<void> {
  await withNats(
    async (nats) => {
      const core = await openAs(nats, "coordinator");
      for (const bytes of [PLAYBOOK, PRICES]) await core.artifacts.put(bytes);
      for (let index = 0; index < ARTIFACTS; index += 1) await core.artifacts.put(contentOf(index));
      for (const name of ["one", "two", "six"])
        await core.journal.append(entryOf(`cand-${name}-1`));
      for (let index = 1; index <= 12; index += 1)
        await core.reports.store(resultOf(firstEntry(`cand-report-${index}`), 1));
      await core[Symbol.asyncDispose]();
      // In good order: after a crash the server looks at all, and drops what follows.
      nats.server.kill("SIGTERM");
      await nats.server.exited;
      damage(nats);
      await nats.restart();
      await use(nats);
    },
    { signIn: true },
  );
}

/** Flips a bit of the first stored message that contains the text, `before` bytes before it. */
function flip({ storeDir }: TestNats, stream: string, text: string, before = 0): void {
  const files = readdirSync(storeDir, { recursive: true, withFileTypes: true })
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => path.includes(`/${stream}/msgs/`) && path.endsWith(".blk"));
  for (const path of files) {
    const bytes = readFileSync(path);
    const at = bytes.indexOf(text) - before;
    if (at < 0) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return writeFileSync(path, bytes);
  }
  throw new Error(`${text} isn't stored in ${stream}`);
}

async function found(mesh: Mesh, streams: readonly KeptStream[]) {
  const damages: Damage[] = [];
  let paced = 0;
  const read = await scrub({
    reader: mesh,
    artifacts: mesh.artifacts,
    streams,
    signal: AbortSignal.timeout(30_000),
    onDamage: (damage) => void damages.push(damage),
    pace: async (bytes) => void (paced += bytes),
  });
  return { damages, read, paced };
}

/** From a chunk's content back to the length in its message's header: subject, its length, time, sequence, and two bytes. */
const HEADER = artifactChunkSubject({ writer: "coordinator", id: "0".repeat(32) }).length + 20;

const ALL = ["journal", "reports", "commands", "controls"] as const;

test("everything is read once, under the pace, by whoever may only read", async () => {
  await withStored(
    () => undefined,
    async (nats) => {
      await using metrics = await openAs(nats, "metrics");
      const some = await found(metrics, ["journal", "reports"]);
      expect(some.damages).toEqual([]);
      expect(some.read).toMatchObject({ messages: 15, of: 15, artifacts: ARTIFACTS + 2 });
      expect(some.paced).toBe(some.read.bytes);
      const stored = Array.from({ length: ARTIFACTS }, (_, index) => contentOf(index).length);
      const artifacts = stored.reduce((sum, bytes) => sum + bytes, PLAYBOOK.length + PRICES.length);
      expect(some.paced).toBeGreaterThan(artifacts);
      await using cli = await openAs(nats, "cli");
      expect((await found(cli, ALL)).damages).toEqual([]);
    },
  );
});

test("a flipped byte in an artifact is found, and a copy makes it good", async () => {
  await withStored(
    (nats) => flip(nats, "OBJ_ARTIFACTS", "content of artifact 3 "),
    async (nats) => {
      await using cli = await openAs(nats, "cli");
      const named = { as: "artifact", ...refOf(3) };
      const damage = { kind: "artifact", how: "altered", candidateId: "cand-one-1", named };
      expect((await found(cli, ALL)).damages).toEqual([damage]);
      await cli.artifacts.put(contentOf(3));
      expect((await found(cli, ALL)).damages).toEqual([]);
    },
  );
});

test("a flipped byte in a message's header hides all that follow: each that the journal names is found", async () => {
  await withStored(
    (nats) => flip(nats, "OBJ_ARTIFACTS", "content of artifact 3 ", HEADER),
    async (nats) => {
      await using cli = await openAs(nats, "cli");
      const { damages } = await found(cli, ALL);
      const missing = [3, 4, 5, 6, 7, 8].map((index) => ({
        kind: "artifact",
        how: "missing",
        candidateId: "cand-one-1",
        named: { as: "artifact", ...refOf(index) },
      }));
      expect(damages).toEqual(missing);
    },
  );
});

test("a message that the server leaves out, and one that isn't what belongs there, are found", async () => {
  await withStored(
    (nats) => {
      flip(nats, "REPORTS", "cand-report-5");
      flip(nats, "JOURNAL", '"candidateId":"cand-two-1"');
    },
    async (nats) => {
      await using lane = await openAs(nats, "lane-a");
      const subject = "baton.report.lane-a.cand-odd-1.first.run-1000000.result";
      await lane.publisher.publish({ subject, payload: "{", headers: {} });
      await using cli = await openAs(nats, "cli");
      expect((await found(cli, ALL)).damages).toEqual([
        { kind: "lost", stream: "JOURNAL", from: 2, to: 2 },
        { kind: "lost", stream: "REPORTS", from: 5, to: 5 },
        {
          kind: "unreadable",
          stream: "REPORTS",
          from: 13,
          why: "not JSON (1 bytes)",
          writer: "lane-a",
        },
      ]);
    },
  );
});

test("what a newer release wrote is no damage", async () => {
  await withNats(async (nats) => {
    const core = await openAs({ ...nats, seedOf: () => "" }, "coordinator", { seed: undefined });
    const entry = firstEntry("cand-one-1");
    const result = resultOf(entry, 1);
    for (const message of [
      { subject: journalSubject(entry), payload: JSON.stringify({ ...entry, v: 2 }) },
      {
        subject: reportSubject({ ...result, part: "result" }),
        payload: JSON.stringify({ ...result, v: 2 }),
      },
    ])
      await core.publisher.publish({ ...message, headers: {} });
    expect((await found(core, ["journal", "reports"])).damages).toEqual([]);
    await core[Symbol.asyncDispose]();
  });
});

test("a playbook and an author's prices are looked for too", async () => {
  await withNats(async (nats) => {
    const core = await openAs({ ...nats, seedOf: () => "" }, "coordinator", { seed: undefined });
    for (let index = 0; index < ARTIFACTS; index += 1) await core.artifacts.put(contentOf(index));
    await core.journal.append(entryOf("cand-one-1"));
    const of = { kind: "artifact", how: "missing", candidateId: "cand-one-1" };
    expect((await found(core, ["journal"])).damages).toEqual([
      { ...of, named: { as: "playbook", sha256: sha256Of(PLAYBOOK) } },
      { ...of, named: { as: "prices", sha256: sha256Of(PRICES) } },
    ]);
    await core[Symbol.asyncDispose]();
  });
});

test("an entry that was decided on another content of the one before it is found", async () => {
  await withNats(
    async (nats) => {
      await using core = await openAs(nats, "coordinator");
      const first = firstEntry("cand-two-1");
      const append = async (entry: WholeEntry): Promise<number> => {
        const appended = await core.journal.append(entry);
        return appended.kind === "stored" ? appended.sequence : 0;
      };
      const awaits = await append(first);
      const { sha256: prevSha256 = null } = (await core.journal.last("cand-two-1")) ?? {};
      const next = await append({ ...first, n: 2, prev: awaits, awaits, prevSha256 });
      await append({ ...first, n: 3, prev: next, awaits, prevSha256 });
      const why = "JOURNAL 3 was decided on an entry with another content";
      const { damages } = await found(core, ["journal"]);
      expect(damages.filter(({ kind }) => kind === "unreadable")).toEqual([
        { kind: "unreadable", stream: "JOURNAL", from: 2, why, writer: undefined },
      ]);
    },
    { signIn: true },
  );
});
