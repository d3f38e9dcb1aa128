/** A coordinator that starts while the GitOps repository is away: people can stop things, all else waits, and goes on by itself. */
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { DURABLES, MESH_ID, STREAMS } from "@baton/contracts";
import { createBareRepository } from "@baton/gitops";
import { eventually, startTestNats, temporaryFolder, type TestNats } from "@baton/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { openPeopleWorld, type PeopleWorld } from "../people-world.ts";

vi.setConfig({ testTimeout: 90_000 });

let nats: TestNats;
let world: PeopleWorld;
let folder: ReturnType<typeof temporaryFolder>;
let repository: string;
let addressFile: string;

beforeEach(async () => {
  nats = await startTestNats({ signIn: true });
  folder = temporaryFolder("main-away");
  repository = join(folder.path, "gitops.git");
  addressFile = join(folder.path, "address");
  await createBareRepository(repository);
  world = await openPeopleWorld(nats, {
    BATON_MARK_FILE: join(folder.path, "mark.json"),
    BATON_GITOPS_REPO: repository,
    BATON_ADDRESS_FILE: addressFile,
  });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

async function readyz(): Promise<string> {
  const address = await eventually(() => readFileSync(addressFile, "utf8").trim(), {
    what: "the coordinator listens",
  });
  return (await fetch(`${address}/readyz`)).text();
}

async function startWithoutGit(): Promise<void> {
  await world.loop.coordinator().sigkill();
  rmSync(addressFile, { force: true });
  renameSync(repository, `${repository}.away`);
  world.loop.startCoordinator();
  await eventually(async () => (await readyz()).includes("E_GIT_UNAVAILABLE"), {
    what: "it isn't ready, and says why",
    withinMs: 20_000,
  });
}

test("what stops is decided at once, what moves only when main was read", async () => {
  const candidateId = await world.submit({ name: "before" });
  await startWithoutGit();

  const engaged = await world.send("author", { type: "kill-switch", candidateId: MESH_ID });
  expect(engaged).toMatchObject({ kind: "controlled" });
  const opened = await world.send("author", {
    type: "incident",
    candidateId: MESH_ID,
    class: "B",
    scope: { kind: "lane", lane: "lane-f" },
  });
  expect(opened).toMatchObject({ kind: "controlled" });
  const paused = await world.send("olga", { type: "pause", candidateId });
  expect(paused).toMatchObject({ kind: "accepted" });
  const { entry } = await world.loop.until(
    candidateId,
    "it is paused",
    ({ reason }) => reason === "PAUSED",
  );
  expect(entry.holder).toBe("review");

  const submitting = world.submit({ name: "after" });
  const releasing = world.send("author", { type: "release-kill-switch", candidateId: MESH_ID });
  let decided = 0;
  const count = (): void => void (decided += 1);
  submitting.then(count, count);
  releasing.then(count, count);
  // Both are in the stream, and whatever came before them was decided long ago.
  await eventually(
    async () => {
      const { consumers } = world.loop.mesh.jsm;
      const commands = await consumers.info(STREAMS.commands.name, DURABLES.commands);
      const controls = await consumers.info(STREAMS.commands.name, DURABLES.controls);
      return commands.num_redelivered >= 1 && controls.num_redelivered >= 1;
    },
    { what: "both were handed back", withinMs: 20_000 },
  );
  expect(decided).toBe(0);

  renameSync(`${repository}.away`, repository);
  expect(await world.loop.mesh.journal.last(await submitting)).toBeDefined();
  expect(await releasing).toMatchObject({ kind: "controlled" });
  await eventually(async () => (await readyz()).includes('"ready":true'), {
    what: "it is ready",
    withinMs: 20_000,
  });
});
