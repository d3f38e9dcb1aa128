/** What people see of candidates that a newer coordinator moved. */
import { journalFence, journalSubject } from "@baton/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";

import { candidatesOn } from "./testing/candidates-on.ts";
import { type CliMesh, startCliMesh } from "./testing/cli-mesh.ts";
import { baton as run, type Ended } from "./testing/run-baton.ts";

let on: CliMesh;
const baton = (args: readonly string[]): Promise<Ended> =>
  run(args, { server: on.url, cwd: on.folder.path });
const { waiting } = candidatesOn(() => on, baton);

beforeAll(async () => {
  on = await startCliMesh();
}, 60_000);
afterAll(() => on.stop(), 30_000);

/** The candidate's next entry, as a newer coordinator may write it; its sequence. */
async function movedBy(name: string, changes: object): Promise<{ id: string; sequence: number }> {
  const id = await waiting(name);
  const last = await on.mesh.journal.last(id);
  if (!last) throw new Error(`${id} isn't there`);
  const { entry, sequence: prev } = last;
  const { sequence } = await on.mesh.publisher.publish({
    subject: journalSubject(entry),
    payload: JSON.stringify({ ...entry, n: entry.n + 1, prev, ...changes }),
    headers: {
      "Nats-Expected-Last-Subject-Sequence": prev,
      "Nats-Expected-Last-Subject-Sequence-Subject": journalFence(id),
    },
  });
  return { id, sequence };
}

test("a reason and a cause that aren't known are shown as they are, and told apart by doctor", async () => {
  const { id, sequence } = await movedBy("reasoned", {
    reason: "SENT_TO_ARCHIVE",
    cause: { kind: "weather" },
  });
  const listed = await baton(["get", "candidates"]);
  expect(listed.stdout).toMatch(new RegExp(`${id} .*SENT_TO_ARCHIVE`));
  const explained = await baton(["explain", id]);
  expect([explained.code, explained.stderr]).toEqual([0, ""]);
  expect(explained.stdout).toContain("(SENT_TO_ARCHIVE)");
  const described = await baton(["describe", id]);
  expect(described.stdout).toContain("weather");
  const traced = await baton(["trace", id]);
  expect([traced.code, traced.stderr]).toEqual([0, ""]);
  const examined = await baton(["doctor"]);
  expect(examined.stdout).toContain(
    `JOURNAL ${sequence} has the reason SENT_TO_ARCHIVE, which only a newer release knows`,
  );
}, 60_000);

test("a candidate whose last entry can't be read is listed as needing a newer release", async () => {
  const { id, sequence } = await movedBy("versioned", { v: 2 });
  const { stdout } = await baton(["get", "candidates", "-o", "json"]);
  const rows: unknown = JSON.parse(stdout);
  const why = expect.stringContaining(`needs a newer release: JOURNAL ${sequence} `);
  const row = { candidateId: id, holder: "review", reason: "E_ENTRY_NEWER", runId: null };
  expect(rows).toContainEqual(expect.objectContaining({ ...row, detail: why }));
  const explained = await baton(["explain", id]);
  expect(explained.code).not.toBe(0);
  expect(explained.stderr).toMatch(/E_ENTRY_NEWER[^]*v: 2[^]*update this `baton` first/);
}, 60_000);
