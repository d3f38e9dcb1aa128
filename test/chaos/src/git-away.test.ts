/**
 * The GitOps repository is away under a whole mesh, for longer than the stage that needs it may take: nothing is decided about a
 * candidate for it, people are asked once, and all go on by themselves when it is back.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isDispatch } from "@baton/contracts";
import { eventually, temporaryFolder } from "@baton/testkit";
import { expect, test } from "vitest";
import { z } from "zod";

import { startRunningMesh } from "./running-mesh.ts";

const root = join(import.meta.dirname, "../../..");
const STAGE = "promotion-prerequisites";
/** Lane E has so little time for it. */
const DEADLINE_SECONDS = 10;
const AWAY_MS = 2000;

/** Baton's own playbook, but for the time that one stage has. */
function hurriedPlaybook(folder: string): string {
  const text = readFileSync(join(root, "playbooks/baton.yaml"), "utf8");
  const pattern = new RegExp(`(- stage: ${STAGE}\\n(?:    .*\\n)*?    deadlineSeconds: )3600`);
  const hurried = text.replace(pattern, `$1${DEADLINE_SECONDS}`);
  expect(hurried).not.toBe(text);
  const file = join(folder, "playbook.yaml");
  writeFileSync(file, hurried);
  return file;
}

const Open = z.object({ total: z.number() });

test("three candidates outlast an outage of Git that lasts longer than their stage: one question, nothing resumed", async () => {
  const folder = temporaryFolder("git-away");
  const args = ["--playbook", hurriedPlaybook(folder.path)];
  const env = { BATON_AWAY_MS: String(AWAY_MS) };
  await using running = await startRunningMesh({ args, env });
  const { mesh, data } = running;
  const repository = join(data, "gitops.git");
  const reader = readFileSync(join(data, "keys/reader.token"), "utf8").trim();
  renameSync(repository, `${repository}.away`);
  const ids = await Promise.all([1, 2, 3].map((seed) => running.submit(seed)));
  const reasonsOf = async (id: string): Promise<string[]> =>
    (await mesh.journal.history(id)).map(({ entry }) => `${entry.stage} ${entry.reason}`);
  const asked = async (): Promise<string[]> =>
    (await Promise.all(ids.map(reasonsOf))).flat().filter((one) => one === `${STAGE} SERVICE_AWAY`);
  await eventually(async () => (await asked()).length > 0, { what: "asked", withinMs: 120_000 });
  // All of them have had more than their time by now.
  await eventually(
    async () => {
      const all = await Promise.all(ids.map((id) => mesh.journal.history(id)));
      return all.every((entries) => {
        const given = entries.findLast(({ entry }) => isDispatch(entry) && entry.stage === STAGE);
        return given && Date.now() > Date.parse(given.entry.deadline ?? "") + 3000;
      });
    },
    { what: "their deadlines are over", withinMs: 120_000 },
  );
  expect(await asked()).toHaveLength(1);
  renameSync(`${repository}.away`, repository);
  for (const id of ids) {
    const closed = async () => (await running.last(id))?.holder === "closed";
    await eventually(closed, { what: `${id} is through`, withinMs: 120_000 });
    expect(await running.last(id)).toMatchObject({ reason: "COMPLETED" });
  }
  for (const id of ids) {
    const reasons = await reasonsOf(id);
    const at = (reason: string): number =>
      reasons.filter((one) => one === `${STAGE} ${reason}`).length;
    expect(at("RETRY_BACKOFF")).toBe(1);
    expect(reasons.join("; ")).not.toMatch(/DEADLINE_PASSED|FAILURE|EXHAUSTED|RERUN|RESUMED/);
  }
  expect(await asked()).toHaveLength(1);
  await eventually(
    async () => {
      const answer = await fetch(`${running.addressOf("escalation")}/reviews`, {
        headers: { authorization: `Bearer ${reader}` },
      });
      return Open.parse(await answer.json()).total === 0;
    },
    { what: "no question is open", withinMs: 30_000 },
  );
  // People heard of it twice: that it began, and that it is over.
  const log = join(data, "logs/escalation.log");
  const notices = (what: string): number =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.includes(what)).length;
  expect(notices("waits for a person. SERVICE_AWAY")).toBe(1);
  await eventually(() => notices("waits no longer") > 0, { what: "the end is told" });
  expect(notices("waits no longer: report (SERVICE_AWAY)")).toBe(1);
  expect(await running.violations()).toEqual([]);
  folder.remove();
}, 400_000);
