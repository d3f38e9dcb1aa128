/** A real metrics process sends spans of what the test writes as lanes and coordinator would, over HTTP. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type Mesh, openMesh } from "@baton/mesh";
import {
  eventually,
  spawnService,
  type SpawnedService,
  startTestNats,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { Journey } from "../testing/journey.ts";
import { scrape, valueIn } from "../testing/series.ts";

const ROOT = `${import.meta.dirname}/../../../..`;
const START_MS = 60_000;
vi.setConfig({ testTimeout: START_MS });

let nats: TestNats;
let mesh: Mesh;
beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
}, START_MS);
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
}, START_MS);

/** How it answers: `mute` takes everything and never says so. */
type Mood = 200 | 500 | "mute";

/** A receiver whose mood can be changed, with the texts of what it took. */
async function startReceiver(mood: Mood) {
  const state = { mood, taken: [] as string[] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (state.mood === "mute") return;
      if (state.mood === 200) state.taken.push(Buffer.concat(chunks).toString("latin1"));
      response.writeHead(state.mood, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  return { state, url: `http://127.0.0.1:${port}` };
}

function spawn(receiver: string, env: Readonly<Record<string, string>> = {}): SpawnedService {
  const service = spawnService("apps/metrics/src/main.ts", {
    BATON_NATS_URL: nats.url,
    BATON_METRICS_REFRESH_MS: "100",
    NODE_COMPILE_CACHE: `${ROOT}/.baton/cache/compile`,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
    ...env,
  });
  onTestFinished(async () => void (await service.stop()));
  return service;
}

const UNSAMPLED = { trace: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` };

/** One stage run, retried once. */
async function retriedRun(candidateId: string): Promise<void> {
  const journey = new Journey(mesh, candidateId, UNSAMPLED);
  await journey.dispatch("candidate-build", "lane-b");
  const failure = { class: "transient", code: "E_TEST", message: "not yet", action: "Wait." };
  const retryAt = "2026-03-01T09:01:00.000Z";
  await journey.retry(await journey.report({ type: "attempt", failure, retryAt }));
  await journey.close(await journey.report({ attempt: 2 }));
}

test("a run that nothing happened to isn't sent when the head sampler left it out; one that failed once is, by each process", async () => {
  const { state, url } = await startReceiver(200);
  const smooth = new Journey(mesh, "cand-smooth", UNSAMPLED);
  await smooth.dispatch("candidate-build", "lane-b");
  await smooth.close(await smooth.report({}));
  await spawn(url).ready();
  await retriedRun("cand-retried");
  const has = (): number => state.taken.filter((text) => text.includes("cand-retried")).length;
  await eventually(() => has() > 0, { what: "its spans come", withinMs: START_MS });
  const before = has();
  await spawn(url).ready();
  await eventually(() => has() > before, { what: "they come again", withinMs: START_MS });
  const all = state.taken.join("");
  expect(all).toContain("transient");
  expect(all).not.toContain("cand-smooth");
});

test("what was stored long before isn't sent again", async () => {
  const { state, url } = await startReceiver(200);
  await retriedRun("cand-earlier");
  await spawn(url, { BATON_TRACES_RESEND_MS: "0" }).ready();
  // Stored by another clock than ours: a little later counts as new.
  await retriedRun("cand-later-on");
  const address = await spawn(url).ready();
  await eventually(() => state.taken.join("").includes("cand-later-on"), {
    what: "the later one comes",
    withinMs: START_MS,
  });
  expect(valueIn(await scrape(address), "baton_trace_candidates_dropped_total", {})).toBe(0);
});

test.each([
  ["is broken", 500, "cand-patient"],
  ["takes everything and never answers", "mute", "cand-unheard"],
] as const)(
  "a receiver that %s is tried again: what failed is counted, and nothing is lost when it is back",
  async (_, mood, candidateId) => {
    const { state, url } = await startReceiver(mood);
    const address = await spawn(url).ready();
    await retriedRun(candidateId);
    const failed = async (): Promise<number> =>
      valueIn(await scrape(address), "baton_trace_spans_total", { outcome: "failed" }) ?? -1;
    await eventually(async () => (await failed()) > 0, {
      what: "failed spans are counted",
      withinMs: START_MS,
    });
    expect(valueIn(await scrape(address), "baton_trace_spans_total", { outcome: "sent" })).toBe(0);
    state.mood = 200;
    await eventually(() => state.taken.join("").includes(candidateId), {
      what: "the spans come",
      withinMs: START_MS,
    });
  },
);
