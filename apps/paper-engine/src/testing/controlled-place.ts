/** A mesh, a broker and a repository of one test's own, for what concerns every account at once. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { RunningStrategies, type RunningStrategy, type StrategyLimits } from "@baton/artifacts";
import { createBroker } from "@baton/brokerage";
import { CONTROL_SUBJECT, type Controls, STREAMS } from "@baton/contracts";
import {
  AS_READER,
  BROKER_TOKENS,
  BROKER_TOKENS_ENV,
  eventually,
  spawnService,
  startTestMesh,
} from "@baton/testkit";
import { onTestFinished } from "vitest";
import { z } from "zod";

import { rampEntry, toJournal, writeDown } from "./accounting.ts";
import {
  newCandidate,
  reportedOf,
  settingsOf,
  startEngine,
  strategyFile,
  testFolder,
  testRepository,
} from "./place.ts";

const Line = z.object({
  event: z.object({
    type: z.string(),
    at: z.string().optional(),
    by: z.string().optional(),
    scope: z.string().optional(),
    account: z.string().nullish(),
    order: z.object({ side: z.string() }).optional(),
  }),
});
export type LedgerEvent = z.infer<typeof Line>["event"];

/** Starts all but the engine; the mesh may store on a disk of its own. */
export async function controlledPlace(on: { readonly storeDir?: string } = {}) {
  const mesh = await startTestMesh(on);
  onTestFinished(() => mesh.stop());
  const folder = testFolder();
  const broker = spawnService("apps/paper-broker/src/main.ts", {
    ...BROKER_TOKENS_ENV,
    BATON_BROKER_DIR: folder,
    BATON_TRACES_PER_SECOND: "0",
  });
  onTestFinished(async () => void (await broker.stop()));
  const brokerUrl = await broker.ready();
  const { repository, write } = await testRepository();
  const candidate = newCandidate();
  strategyFile(candidate, "L1");
  await writeDown(mesh.nats.url, settingsOf(candidate));
  await toJournal(mesh.mesh, rampEntry(candidate, reportedOf(candidate)));
  const account = createBroker({
    url: brokerUrl,
    token: BROKER_TOKENS.operator,
    account: candidate,
  });
  const env = {
    BATON_NATS_URL: mesh.nats.url,
    BATON_GITOPS_REPO: repository,
    BATON_BROKER_URL: brokerUrl,
    BATON_ENGINE_POLL_MS: "20",
  };
  return {
    ...mesh,
    account,
    brokerUrl,
    /** Wants `units` of the one instrument. */
    want: (units: number, over: Partial<StrategyLimits> = {}) =>
      write({
        [`${candidate}.yaml`]: strategyFile(candidate, "L1", {
          limits: { notional: units * 100, ...over },
        }),
      }),
    engine: (over: Record<string, string> = {}) =>
      engineOf(startEngine({ ...env, BATON_WORK_DIR: testFolder(), ...over })),
    repository,
    candidate,
    write,
    /** What the broker has in its ledger, in order. */
    ledger: (): LedgerEvent[] =>
      readFileSync(join(folder, "ledger.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => Line.parse(JSON.parse(line)).event),
    /** As if CONTROLS had been made anew, and then held these states. */
    async controlsGoBack(states: readonly Controls[]) {
      // It may be gone already.
      await mesh.mesh.jsm.streams.delete(STREAMS.controls.name).catch(() => undefined);
      const planned = mesh.mesh.topology.streams.find(({ name }) => name === STREAMS.controls.name);
      if (!planned) throw new Error("CONTROLS isn't planned");
      await mesh.mesh.jsm.streams.add(planned);
      for (const state of states)
        await mesh.mesh.nc.request(CONTROL_SUBJECT, JSON.stringify(state), { timeout: 5000 });
    },
    held: async () => (await account.positions())[0]?.qty ?? "0",
    /** The mesh's hold on all accounts, as the broker has it. */
    hold: async () => (await account.killSwitch.get()).mesh,
    switchOfAll: async () => (await account.killSwitch.get()).all,
  };
}

export type ControlledPlace = Awaited<ReturnType<typeof controlledPlace>>;

function engineOf(engine: ReturnType<typeof startEngine>) {
  const status = async () => {
    const answer = await fetch(`${await engine.listening()}/strategies`, AS_READER);
    return RunningStrategies.parse(await answer.json());
  };
  return {
    ...engine,
    status,
    /** Waits until its one strategy is so. */
    until: (what: string, holds: (of: RunningStrategy) => boolean) =>
      eventually(
        async () => {
          const [running] = (await status()).strategies;
          return running !== undefined && holds(running) && running;
        },
        { what, withinMs: 30_000 },
      ),
  };
}

/** True if an order is kept from the broker, and the reason says so. */
export const blocked = (reason: RegExp) => (running: RunningStrategy) =>
  running.orders.some(({ state, message }) => state === "blocked" && reason.test(message ?? ""));

/** A way to the broker on which changes of kill switches never arrive; `held` resolves when the first one is under way. */
export async function muteSwitch(brokerUrl: string) {
  const held = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.method === "PUT" && request.url?.startsWith("/v2/kill-switch")) {
      held.resolve();
      return;
    }
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
      const answer = await fetch(`${brokerUrl}${request.url ?? ""}`, {
        method: request.method ?? "GET",
        headers: {
          "content-type": "application/json",
          authorization: request.headers.authorization ?? "",
        },
        ...body,
      });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    })().catch(() => response.destroy());
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, held: held.promise };
}
