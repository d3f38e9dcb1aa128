/** What outlives the server is held against it: the mark in the data folder, and what took effect on main. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createBareRepository } from "@baton/gitops";
import { type Mesh, openMesh, readMarks } from "@baton/mesh";
import { startTestNats, stored, type TestNats } from "@baton/testkit";
import { UserError } from "@baton/text/user-error";
import { afterAll, beforeAll, expect, test } from "vitest";

import { meshDirectory } from "../here/mesh-directory.ts";
import { lastControls } from "../reading/read-controls.ts";
import { examineHistory } from "./examine-history.ts";

const root = mkdtempSync(join(tmpdir(), "baton-history-"));
const directory = meshDirectory(root);
const { entry } = stored(1, 0, { stage: "live-ramp", runId: "run-000001", prev: 0, n: 1 });
const action = `${entry.candidateId}.live-ramp.run-000001`;

let nats: TestNats;
let mesh: Mesh;

beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
  await createBareRepository(directory.gitops, { initialFiles: { "README.md": "what runs\n" } });
});
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
  rmSync(root, { recursive: true, force: true });
});

function onMain(path: string, message: string): void {
  const text = "kind: ConfigMap\n";
  const commit = [
    "commit refs/heads/main",
    "committer lane-e <lane-e@example.org> 1700000000 +0000",
    `data ${message.length}\n${message}`,
    "from refs/heads/main^0",
    `M 100644 inline ${path}`,
    `data ${text.length}\n${text}`,
    "done\n",
  ].join("\n");
  const args = ["-C", directory.gitops, "fast-import", "--quiet", "--done"];
  execFileSync("git", args, { input: commit });
}

/** Of a mesh whose coordinator says that its history is whole, or not; undefined: none answers. */
async function examined(whole?: boolean) {
  const address = { up: { dataDir: root } };
  const checks = [{ name: "history", ok: whole === true, reason: whole ? null : "E_LOG_RESET" }];
  const process = { host: "here", pid: 1, startedAt: null, ready: whole === true, checks };
  const processes = whole === undefined ? [] : [process];
  const coordinator = { name: "coordinator", processes, up: undefined };
  return examineHistory({ nc: mesh.nc, jsm: mesh.jsm, address }, async () => [coordinator]);
}

async function findings() {
  const found = await examined();
  return found.map(({ level, about, found: what }) => `${level} ${about}: ${what}`);
}

test("what main has and no entry accounts for is listed, until an entry does", async () => {
  onMain(`strategies/${entry.candidateId}.yaml`, `Roll out\n\nBaton-Stage-Run: ${action}.L3\n`);
  expect(await findings()).toContainEqual(
    expect.stringMatching(new RegExp(`^fault main: has ${action} as [0-9a-f]{12}, which no entry`)),
  );
  const appended = await mesh.journal.append(entry);
  expect(appended.kind).toBe("stored");
  expect(await findings()).toContain("ok main: the journal accounts for what is on it (1 actions)");
});

test("a mark in the data folder that history no longer has is a loss; one that can't be read is told", async () => {
  const marks = await readMarks(mesh);
  const sequence = 40;
  const streams = { ...marks?.streams, JOURNAL: { sequence, sha256: "a".repeat(64) } };
  writeFileSync(directory.mark, JSON.stringify({ ...marks, streams }));
  expect(await findings()).toContain(
    "fault history: E_LOG_RESET JOURNAL ends at 1, but had come to 40 (known by the mark in the data folder)",
  );
  writeFileSync(directory.mark, "{");
  expect(await findings()).toContainEqual(
    expect.stringMatching(/^fault history: the mark in the data folder can't be read: /),
  );
});

test.each([
  ["goes on deciding", true, /^A coordinator knows of no loss and goes on deciding; /],
  ["stands still", false, /^Nothing is decided, /],
  ["doesn't answer", undefined, /^Nothing is decided, /],
])(
  "a mark on main that anybody may have pushed: while the coordinator %s, that is what is said",
  async (_, whole, repair) => {
    rmSync(directory.mark, { force: true });
    onMain("README.md", `Forged\n\nBaton-Mark: 1 JOURNAL 99999999 ${"a".repeat(64)}\n`);
    const found = await examined(whole);
    expect(found).toContainEqual(
      expect.objectContaining({
        found: "E_LOG_RESET JOURNAL ends at 1, but had come to 99999999 (known by main)",
        repair: expect.stringMatching(repair),
      }),
    );
  },
);

test("controls of an older copy, which release what was engaged since, are nobody's answer", async () => {
  const session = { nc: mesh.nc, jsm: mesh.jsm, address: { up: { dataDir: root } } };
  rmSync(directory.mark, { force: true });
  const { sequence: last, controls } = await lastControls(session);
  expect(controls.killSwitch).toBeNull();
  const marks = await readMarks(mesh);
  const later = { sequence: last + 1, sha256: "a".repeat(64) };
  writeFileSync(
    directory.mark,
    JSON.stringify({ ...marks, streams: { ...marks?.streams, CONTROLS: later } }),
  );
  const refused: unknown = await lastControls(session).catch((error: unknown) => error);
  if (!(refused instanceof UserError)) throw new Error("not refused");
  expect(refused.details).toMatchObject({
    code: "E_LOG_RESET",
    exit: 8,
    message: expect.stringContaining(`CONTROLS ends at ${last}, but had come to ${last + 1}`),
    action: expect.stringMatching(/accept-loss loss-[0-9a-f]{12} /),
  });
  // One that stops everything is shown, as who engages it after the loss must see it.
  const act = { by: "ada", why: "an older copy", commandId: "cmd-0000000000000001" };
  const killSwitch = { ...act, time: "2026-07-01T00:00:00.000Z", releases: [] };
  const about = { kind: "engaged" as const };
  const next = { n: controls.n + 1, prev: last, killSwitch, about };
  expect(await mesh.controls.append({ ...controls, ...next })).toMatchObject({ kind: "stored" });
  expect((await lastControls(session)).controls.killSwitch).toEqual(killSwitch);
});

test("who asks for controls that are lost is told the id under which doctor names the loss", async () => {
  await mesh.jsm.streams.delete("CONTROLS");
  const session = { nc: mesh.nc, jsm: mesh.jsm };
  const found = await examineHistory({ ...session, address: {} }, async () => []);
  const named = /accept-loss (loss-[0-9a-f]{12})/;
  const [, id] = named.exec(found[0]?.repair ?? "") ?? [];
  expect(id).not.toBe("loss-000000000000");
  const refused: unknown = await lastControls(session).catch((error: unknown) => error);
  const advice = refused instanceof UserError ? refused.details.action : "";
  expect(named.exec(advice)?.[1]).toBe(id);
});
