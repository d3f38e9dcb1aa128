import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { ensureKeyFile, localKeyFile, operatingSystemUser, writeState } from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { baton } from "../testing/run-baton.ts";

test("get people lists the registry, says who you are, and what to do if you aren't in it", async () => {
  const folder = temporaryFolder("get-people");
  onTestFinished(() => folder.remove());
  const key = (name: string) =>
    ensureKeyFile(join(folder.path, name), { name, fallback: name }).key.publicKey;
  const [ann, bob] = [key("ann"), key("bob")];
  const file = join(folder.path, "people.yaml");
  const ask = (who: string, ...options: string[]) =>
    baton(["get", "people", "--people", file, ...options], {
      cwd: folder.path,
      env: { BATON_KEY_FILE: join(folder.path, who) },
    });
  writeFileSync(file, `- { name: ann, publicKey: ${ann}, roles: [risk, ops] }\n`);
  expect((await ask("bob")).stdout).toMatch(
    new RegExp(`ann +risk, ops +- +${ann}\\nYour key ${bob} isn't registered: `),
  );
  writeFileSync(
    file,
    `- { name: bob, publicKey: ${bob}, roles: [] }\n- { name: ann, publicKey: ${ann}, roles: [] }\n`,
  );
  const { code, stdout } = await ask("bob", "-o", "json");
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    [
      { name: "ann", roles: [], publicKey: ann, yours: false },
      { name: "bob", roles: [], publicKey: bob, yours: true },
    ],
  ]);
  writeFileSync(
    file,
    `- { name: bob, publicKey: ${bob}, roles: [] }\n- { name: b0b, publicKey: ${ann}, roles: [] }\n`,
  );
  expect(await ask("bob")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('"b0b" can\'t be told from "bob"'),
  });
});

test("get people knows the key that `baton up` made as one's own, as commands are signed with it", async () => {
  const folder = temporaryFolder("get-people-up");
  onTestFinished(() => folder.remove());
  const me = operatingSystemUser();
  const made = (name: string): string =>
    ensureKeyFile(localKeyFile(folder.path, name), { name, fallback: name }).key.publicKey;
  const [mine, reviewers] = [made(me), made("reviewer")];
  const people = join(folder.path, "people.yaml");
  writeFileSync(
    people,
    `- { name: ${me}, publicKey: ${mine}, roles: [] }\n- { name: reviewer, publicKey: ${reviewers}, roles: [] }\n`,
  );
  writeState(join(folder.path, "up.json"), {
    v: 1,
    mesh: { name: `mesh-${"0".repeat(32)}`, receiptKeys: [] },
    pid: process.pid,
    startedAt: "2026-03-01T12:00:00.000Z",
    dataDir: folder.path,
    natsUrl: "nats://127.0.0.1:5333",
    people,
    syncAlways: true,
    addresses: {},
    pids: {},
  });
  const ask = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
    const args = ["get", "people", "--data", folder.path, "-o", "json"];
    return JSON.parse((await baton(args, { env })).stdout);
  };
  const row = (name: string, publicKey: string, yours: boolean) => ({
    name,
    roles: [],
    publicKey,
    yours,
  });
  const rows = (yours: boolean) =>
    [row(me, mine, yours), row("reviewer", reviewers, false)].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  expect(await ask({ HOME: folder.path })).toEqual(rows(true));
  // A key that is named is the one that signs.
  const named = join(folder.path, "named");
  ensureKeyFile(named, { name: me, fallback: me });
  expect(await ask({ BATON_KEY_FILE: named })).toEqual(rows(false));
});
