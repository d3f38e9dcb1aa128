/** What a person has to look at gets to people: a real engine, a real broker and a real escalation, which sends to a real receiver. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { Notice } from "@baton/contracts";
import { eventually, spawnService } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";

import { controlledPlace } from "./testing/controlled-place.ts";
import { testFolder } from "./testing/place.ts";

// Real processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

/** A desk that takes every notice, and the environment by which escalation tells it everything. */
async function openDesk() {
  const told: Notice[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    told.push(Notice.parse(await json(request)));
    response.writeHead(200).end();
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const folder = testFolder();
  writeFileSync(join(folder, "secret"), `whsec_${randomBytes(32).toString("base64")}\n`, {
    mode: 0o600,
  });
  const channel = {
    name: "desk",
    type: "webhook",
    url: `http://127.0.0.1:${port}`,
    secretFile: "secret",
  };
  const policy = { channels: [channel], routes: [{ tell: ["desk"] }] };
  writeFileSync(join(folder, "escalation.yaml"), JSON.stringify(policy), { mode: 0o644 });
  return { told, env: { BATON_ESCALATION: join(folder, "escalation.yaml") } };
}

test("a position that somebody sold by hand at the broker is told to people, and once it is right again that too", async () => {
  const place = await controlledPlace();
  const { account, candidate, want } = place;
  const desk = await openDesk();
  const escalation = spawnService("apps/escalation/src/main.ts", {
    BATON_NATS_URL: place.nats.url,
    BATON_REVIEW_CHECK_MS: "100",
    ...desk.env,
  });
  onTestFinished(async () => void (await escalation.sigkill()));
  const engine = place.engine();
  await Promise.all([escalation.ready(60_000), engine.ready(60_000)]);
  want(5);
  await engine.until("five are held", ({ settled }) => settled);
  const byHand = (id: string, side: "buy" | "sell") =>
    account.submit({
      client_order_id: id,
      symbol: "SPX",
      qty: "5",
      side,
      type: "market",
      time_in_force: "day",
      reference_price: "100",
    });
  expect(await byHand("sold-by-hand", "sell")).toMatchObject({ kind: "submitted" });
  const ofEngine = (kind: Notice["kind"]) =>
    eventually(
      () => desk.told.find((one) => one.reason === "ENGINE_TROUBLE" && one.kind === kind),
      { what: `a notice: ${kind}`, withinMs: 60_000 },
    );
  const opened = await ofEngine("open");
  expect(opened).toMatchObject({
    severity: "critical",
    subject: candidate,
    facts: { code: "E_POSITION_MISMATCH", candidateId: candidate },
    detail: expect.stringContaining("SPX isn't what this version's orders made it"),
  });
  // Nothing was bought back meanwhile.
  expect(await place.held()).toBe("0");
  expect(await byHand("bought-by-hand", "buy")).toMatchObject({ kind: "submitted" });
  expect((await ofEngine("resolved")).matter).toBe(opened.matter);
});
