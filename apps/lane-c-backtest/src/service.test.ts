/** The lane as a process: what it says of its sandbox. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { openMesh } from "@baton/mesh";
import {
  AS_READER,
  eventually,
  spawnService,
  startTestNats,
  temporaryFolder,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = temporaryFolder("lane-c-service");
const nats = await startTestNats();

beforeAll(async () => {
  const mesh = await openMesh({ url: nats.url, name: "test", provision: true });
  await mesh[Symbol.asyncDispose]();
});
afterAll(async () => {
  await nats.stop();
  folder.remove();
});

/** What it answers about its sandbox, once all else is well, and all that it wrote. */
async function askedWith(env: Readonly<Record<string, string>>) {
  const addressFile = join(folder.path, Object.values(env).join("-").replaceAll("/", "-"));
  await using lane = spawnService("apps/lane-c-backtest/src/main.ts", {
    BATON_NATS_URL: nats.url,
    BATON_ADDRESS_FILE: addressFile,
    ...env,
  });
  const answer = await eventually(
    async () => {
      const address = readFileSync(addressFile, "utf8").trim();
      const response = await fetch(`${address}/readyz`, AS_READER);
      const text = await response.text();
      const { checks } = JSON.parse(text);
      const others = checks.filter(({ name }: { name: string }) => name !== "sandbox");
      if (!others.every(({ ok }: { ok: boolean }) => ok)) throw new Error(text);
      const own = checks.find(({ name }: { name: string }) => name === "sandbox");
      return { status: response.status, own };
    },
    { what: "the lane says that all but its sandbox is well", withinMs: 45_000 },
  );
  return { ...answer, output: lane.output() };
}

test("without a sandbox the lane isn't ready, and says what to do", async () => {
  const { status, own } = await askedWith({ BATON_BUBBLEWRAP: "/nowhere" });
  expect(status).toBe(503);
  expect(own).toMatchObject({ ok: false, reason: expect.stringContaining("BATON_SANDBOX=off") });
});

test("with the sandbox switched off it is ready, and says so", async () => {
  const { status, own, output } = await askedWith({ BATON_SANDBOX: "off" });
  expect(status).toBe(200);
  expect(own).toMatchObject({ ok: true, reason: expect.stringContaining("unprotected") });
  expect(output).toContain('"sandbox":"off"');
});
