/** Who answers for whom, on a real server with the generated configuration. */
import { type ServiceHealth, serviceSubject } from "@baton/contracts";
import { startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Kind, SERVICES } from "./access.ts";
import { openConnection } from "./connect.ts";
import { openControlReader } from "./control-reader.ts";
import type { Mesh } from "./mesh.ts";
import { openAs } from "./open-as.test-data.ts";
import { askHealth } from "./service-health.ts";

let nats: TestNats;
let core: Mesh;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  core = await openAs(nats, "coordinator", { health: () => healthOf("coordinator") });
});

afterAll(async () => {
  await core[Symbol.asyncDispose]();
  await nats.stop();
});

const healthOf = (service: string, instance = "one"): ServiceHealth => ({
  v: 1,
  service,
  instance,
  host: "here",
  pid: 7,
  startedAt: "2026-01-02T03:04:05.000Z",
  ready: false,
  checks: [
    ...Array.from({ length: 60 }, (_, index) => ({ name: `c${index}`, ok: true, reason: null })),
    { name: "git", ok: false, reason: "é".repeat(9000) },
  ],
});

const people = () =>
  openConnection({ url: nats.url, name: "p", seed: nats.seedOf("cli"), waitForServer: false });

test("people hear of every kind, all its replicas, and what fails first", async () => {
  const others = SERVICES.filter((kind) => !["coordinator", "paper-engine"].includes(kind));
  const meshes = await Promise.all(
    [...others, "lane-c" as const].map((kind, index) =>
      openAs(nats, kind, { health: () => healthOf(kind, `i${index}`) }),
    ),
  );
  const engine = await openControlReader({
    url: nats.url,
    name: "engine",
    seed: nats.seedOf("paper-engine"),
    waitForServer: false,
    health: () => healthOf("paper-engine"),
  });
  await Promise.all(meshes.map(({ nc }) => nc.flush()));
  const cli = await people();
  const answers = await askHealth(cli, SERVICES, 10_000);
  for (const kind of SERVICES) {
    expect([kind, answers.get(kind)?.length]).toEqual([kind, kind === "lane-c" ? 2 : 1]);
    const [first] = answers.get(kind) ?? [];
    expect(first).toMatchObject({ service: kind, ready: false });
    expect(first?.checks[0]?.name).toBe("git");
    expect(first?.checks[0]?.reason?.length).toBeLessThanOrEqual(500);
    expect(first?.checks).toHaveLength(50);
  }
  await Promise.all([...meshes.map((mesh) => mesh[Symbol.asyncDispose]()), cli.close()]);
  await engine[Symbol.asyncDispose]();
});

test("nobody answers for another kind, and nobody but people asks", async () => {
  const refused: string[] = [];
  const onDenial = ({ subject }: { subject: string }) => void refused.push(subject);
  // With lane B's key, it says that it were lane C, or the coordinator.
  const liars = await Promise.all(
    ["lane-c", "coordinator", "paper-engine"].map((kind) =>
      openAs(nats, "lane-b", { health: () => healthOf(kind), onDenial }),
    ),
  );
  const cli = await people();
  const asked: readonly Kind[] = ["lane-c", "coordinator", "paper-engine"];
  const answers = await askHealth(cli, asked, 500);
  expect(asked.map((kind) => answers.get(kind)?.map(({ service }) => service))).toEqual([
    [],
    ["coordinator"],
    [],
  ]);
  for (const { nc } of liars) {
    nc.publish(serviceSubject("coordinator"), "", { reply: "_INBOX.x" });
    await nc.flush();
  }
  expect(refused).toContain(serviceSubject("coordinator"));
  expect(refused).toContain(serviceSubject("lane-c"));
  await Promise.all([...liars.map((mesh) => mesh[Symbol.asyncDispose]()), cli.close()]);
});

test("who listens but sends what isn't an answer counts as silent", async () => {
  const lane = await openAs(nats, "lane-d");
  lane.nc.subscribe(serviceSubject("lane-d"), {
    callback: (_error, message) => void message.respond('{"ready":true}'),
  });
  await lane.nc.flush();
  const cli = await people();
  expect((await askHealth(cli, ["lane-d"], 300)).get("lane-d")).toEqual([]);
  await Promise.all([lane[Symbol.asyncDispose](), cli.close()]);
});
