/** A broker that plays Alpaca beside the paper broker, and a gate before it that can hold what passes. */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { type BrokerPlace, createBroker, DEFAULT_LIMIT_BOOK, openAlpaca } from "@baton/brokerage";
import { BROKER_TOKENS, BROKER_TOKENS_ENV, spawnService } from "@baton/testkit";
import { onTestFinished } from "vitest";
import { z } from "zod";

import { testFolder } from "./place.ts";

const KEYS = { "apca-api-key-id": "PKTEST0000000001", "apca-api-secret-key": "secret-of-a-test-1" };
const Line = z.object({
  event: z.object({
    type: z.string(),
    order: z.object({ client_order_id: z.string() }).optional(),
  }),
});

/** Where a request may be held: before it reaches Alpaca, or its answer before it reaches whoever asked. */
export type Hold = (request: string, at: "request" | "answer") => Promise<unknown> | undefined;

/** Starts it with one account, of the candidate. */
export async function alpacaPlace(candidate: string, paperUrl: string) {
  const folder = testFolder();
  const file = join(folder, "alpaca.yaml");
  const keys = { key: KEYS["apca-api-key-id"], secret: KEYS["apca-api-secret-key"] };
  const document = { version: "baton-alpaca-v1", accounts: { [candidate]: keys } };
  writeFileSync(file, JSON.stringify(document), { mode: 0o600 });
  const broker = spawnService("apps/paper-broker/src/main.ts", {
    ...BROKER_TOKENS_ENV,
    BATON_BROKER_DIR: join(folder, "broker"),
    BATON_BROKER_ALPACA: file,
    BATON_BROKER_FAULTS: "1",
    BATON_TRACES_PER_SECOND: "0",
  });
  onTestFinished(async () => void (await broker.sigkill()));
  const url = await broker.ready();
  const env = { BATON_BROKER: "alpaca" as const, BATON_ALPACA_ACCOUNTS: file };
  const place: BrokerPlace = {
    url: paperUrl,
    token: BROKER_TOKENS.operator,
    alpaca: openAlpaca({ ...env, BATON_ALPACA_URL: url }, DEFAULT_LIMIT_BOOK),
  };
  const put = async (path: string, body: object) => {
    const headers = { "content-type": "application/json", ...KEYS };
    await fetch(`${url}${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
  };
  return {
    env,
    url,
    place,
    account: createBroker({ ...place, account: candidate }),
    market: (change: object) => put("/admin/market", change),
    fill: (id: string, qty: string) =>
      put("/admin/fill", { client_order_id: id, qty, price: "100" }),
    /** Client order ids of all orders that were ever taken, from the ledger itself. */
    taken: () =>
      readFileSync(join(folder, "broker/ledger.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .flatMap((line) => Line.parse(JSON.parse(line)).event.order?.client_order_id ?? []),
  };
}

/** A way to `url` on which `hold` decides what waits; its address. */
export async function gateTo(url: string, hold: Hold): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const what = `${request.method} ${request.url?.replace(/\?.*/, "")}`;
      await hold(what, "request");
      const names = ["authorization", "content-type", ...Object.keys(KEYS)];
      const headers = names.flatMap((name) => {
        const value = request.headers[name];
        return typeof value === "string" ? [[name, value] as [string, string]] : [];
      });
      const answer = await fetch(`${url}${request.url ?? ""}`, {
        method: request.method ?? "GET",
        headers,
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      const body = await answer.text();
      await hold(what, "answer");
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(body);
    })().catch(() => response.destroy());
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
