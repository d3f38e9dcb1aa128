/** The adapter for Alpaca over HTTP, against a broker that answers like it; kill switches are those of a paper broker beside it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  ACCOUNT_STATE_CODE,
  askStanding,
  type Broker,
  createBroker,
  DEFAULT_LIMIT_BOOK,
  DEFAULT_LIMITS,
  INSTRUMENT_CODE,
  KILL_SWITCH_CODE,
  LIMIT_CODE,
  type LimitBook,
  type NewOrderInput,
  NOT_ALLOWED_CODE,
  NOT_SENT_CODE,
  openAlpaca,
  standingFault,
  submitOnce,
} from "@baton/brokerage";
import { BROKER_TOKENS, BROKER_TOKENS_ENV, eventually, spawnService } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { order } from "./testing/order.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "alpaca-"));
const file = join(folder, "alpaca.yaml");
const keysOf = (n: number) => ({
  key: `PKTEST0000000000${n}`,
  secret: `secret-of-a-test-000000000${n}`,
});
const ACCOUNTS = Array.from({ length: 30 }, (_, n) => `cand-${String(n).padStart(12, "0")}`);
writeFileSync(
  file,
  JSON.stringify({
    version: "baton-alpaca-v1",
    accounts: Object.fromEntries(ACCOUNTS.map((name, n) => [name, keysOf(n)])),
  }),
  { mode: 0o600 },
);
const start = (env: Record<string, string>) =>
  spawnService("apps/paper-broker/src/main.ts", {
    ...BROKER_TOKENS_ENV,
    BATON_TRACES_PER_SECOND: "0",
    ...env,
  });
const paper = start({ BATON_BROKER_DIR: join(folder, "paper") });
const alpaca = start({
  BATON_BROKER_DIR: join(folder, "alpaca"),
  BATON_BROKER_ALPACA: file,
  BATON_BROKER_FAULTS: "1",
});
let paperUrl = "";
let alpacaUrl = "";
beforeAll(async () => {
  [paperUrl, alpacaUrl] = await Promise.all([paper.ready(), alpaca.ready()]);
});
afterAll(async () => {
  await Promise.all([paper.sigkill(), alpaca.sigkill()]);
  rmSync(folder, { recursive: true });
});

let used = 0;

/** An account that no other test has, as `limits` lets it. */
function account(limits: LimitBook | undefined = DEFAULT_LIMIT_BOOK) {
  const n = used++;
  const name = ACCOUNTS[n] ?? "";
  const book = openAlpaca(
    { BATON_BROKER: "alpaca", BATON_ALPACA_ACCOUNTS: file, BATON_ALPACA_URL: alpacaUrl },
    limits,
  );
  const place = { url: paperUrl, token: BROKER_TOKENS.operator, alpaca: book };
  const broker = createBroker({ ...place, account: name, timeoutMs: 1500 });
  const put = async (path: string, body: object) => {
    const { key, secret } = keysOf(n);
    const headers = {
      "content-type": "application/json",
      "apca-api-key-id": key,
      "apca-api-secret-key": secret,
    };
    const answer = await fetch(`${alpacaUrl}${path}`, {
      method: "PUT",
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.ok).toBe(true);
  };
  const fault = async (kind: string) => {
    const headers = {
      "content-type": "application/json",
      authorization: `Bearer ${BROKER_TOKENS.operator}`,
    };
    const body = JSON.stringify({ fault: kind, times: 1, account: name });
    expect((await fetch(`${alpacaUrl}/admin/faults`, { method: "PUT", headers, body })).ok).toBe(
      true,
    );
  };
  return { name, broker, place, put, fault };
}

const buy = (id: string, over: Partial<NewOrderInput> = {}) =>
  order({ client_order_id: id, ...over });
const sell = (id: string, over: Partial<NewOrderInput> = {}) => buy(id, { side: "sell", ...over });
const codeOf = (outcome: Awaited<ReturnType<Broker["submit"]>>) =>
  outcome.kind === "rejected" ? Number(outcome.code) : outcome.kind;

test("orders, positions and cancels are those of the account whose keys are brought", async () => {
  const { broker, name } = account();
  const other = account().broker;
  expect(await broker.submit(buy("a", { qty: "3.5" }))).toMatchObject({
    kind: "submitted",
    order: { client_order_id: "a", qty: "3.5", status: "filled" },
  });
  expect(await broker.positions()).toMatchObject([{ symbol: "SPX", qty: "3.5", side: "long" }]);
  expect(await broker.heldAccounts()).toEqual([name]);
  expect(await broker.valueBeside("NDX")).toBe("350");
  expect(await broker.valueBeside("SPX")).toBe("0");
  expect(await other.valueBeside("SPX")).toBe("350");
  expect(await broker.byClientOrderId("b")).toBeUndefined();
  const resting = await broker.submit(sell("c", { type: "limit", limit_price: "900" }));
  const id = resting.kind === "submitted" ? resting.order.id : "";
  expect(await broker.listOrders({ status: "open" })).toMatchObject([{ id, status: "new" }]);
  expect(await broker.cancel(id)).toBe("cancelled");
  expect(await broker.cancel(id)).toBe("not-open");
  expect(await broker.cancel("none")).toBe("not-found");
  expect(await broker.listOrders()).toHaveLength(2);
  expect(await other.positions()).toEqual([]);
  expect(await broker.accountState()).toMatchObject({ currency: "USD", trading_blocked: false });
  await broker.submit(sell("d", { qty: "3.5" }));
  expect(await broker.heldAccounts()).toEqual([]);
});

test("J8: one client order id is one order, whatever was lost; its refusal is read back and compared", async () => {
  const { broker, fault } = account();
  const quick = { maxLookups: 3, initialDelayMs: 5 };
  for (const [kind, expected] of [
    ["stored-504", "submitted"],
    ["stored-silent", "submitted"],
    ["lost-504", "unknown"],
    ["lost-silent", "unknown"],
  ] as const) {
    await fault(kind);
    expect((await submitOnce(broker, buy(kind), quick)).kind).toBe(expected);
    expect((await submitOnce(broker, buy(kind), quick)).kind).toBe(
      expected === "unknown" ? "submitted" : "existing",
    );
  }
  expect((await broker.submit(buy("stored-504"))).kind).toBe("duplicate");
  const again = await submitOnce(broker, buy("stored-504", { qty: "2" }), { maybeSent: false });
  expect(again).toMatchObject({ kind: "mismatch", differs: ["qty"] });
  expect((await broker.listOrders()).map((one) => one.client_order_id)).toEqual([
    "stored-504",
    "stored-silent",
    "lost-504",
    "lost-silent",
  ]);
});

test("asked too often it isn't asked before its time, and nothing is sent meanwhile", async () => {
  const { broker, fault } = account();
  await fault("busy-429");
  await expect(broker.positions()).rejects.toMatchObject({ code: "E_BROKER_UNAVAILABLE" });
  expect(await broker.submit(buy("a"))).toMatchObject({
    kind: "rejected",
    code: String(NOT_SENT_CODE),
    message: expect.stringContaining("asked too often"),
  });
  await eventually(() => broker.positions(), { what: "it may be asked again" });
  expect((await broker.submit(buy("a"))).kind).toBe("submitted");
});

test("what an account may hold is held against what Alpaca says is held and open, before anything is sent", async () => {
  const limits = {
    ...DEFAULT_LIMIT_BOOK,
    of: () => ({ ...DEFAULT_LIMITS, notional: 1000, orderNotional: 600, ordersPerMinute: 4 }),
  };
  const { broker, put } = account(limits);
  expect(codeOf(await broker.submit(buy("large", { qty: "7" })))).toBe(LIMIT_CODE);
  expect(codeOf(await broker.submit(buy("priceless", { reference_price: null })))).toBe(LIMIT_CODE);
  await broker.submit(buy("a", { qty: "4" }));
  await put("/admin/market", { fills: false });
  // It stays open, and counts at the price that it was sent at.
  await broker.submit(buy("b", { qty: "5", symbol: "NDX" }));
  expect(codeOf(await broker.submit(buy("c", { qty: "2" })))).toBe(LIMIT_CODE);
  await broker.cancelAll();
  await put("/admin/market", { fills: true });
  expect(codeOf(await broker.submit(buy("c", { qty: "2" })))).toBe("submitted");
  expect(codeOf(await broker.submit(buy("d")))).toBe("submitted");
  expect(await broker.submit(buy("e"))).toMatchObject({ code: String(LIMIT_CODE) });
  // What only takes away passes every limit.
  expect(codeOf(await broker.submit(sell("f", { qty: "7" })))).toBe("submitted");
});

test("an open order whose price nobody knows any more keeps increases back, not closes", async () => {
  const { broker, put, place, name } = account();
  await broker.submit(buy("a", { qty: "2" }));
  await put("/admin/market", { fills: false });
  await broker.submit(buy("b", { symbol: "NDX" }));
  await put("/admin/market", { fills: true });
  const { alpaca: book } = place;
  const accounts = new Map(
    Array.from(book?.accounts ?? [], ([of, keys]) => [of, { ...keys, prices: new Map() }]),
  );
  const fresh = createBroker({
    ...place,
    account: name,
    ...(book && { alpaca: { ...book, accounts } }),
  });
  expect(await fresh.submit(buy("c"))).toMatchObject({
    code: String(NOT_SENT_CODE),
    message: expect.stringContaining("has no price"),
  });
  expect(codeOf(await fresh.submit(sell("d", { qty: "2" })))).toBe("submitted");
  await fresh.cancelAll();
});

test("J7: the kill switch is the paper broker's: engaging it cancels what is open and increases, and no increase is sent", async () => {
  const { broker, put } = account();
  await broker.submit(buy("held", { qty: "2" }));
  await put("/admin/market", { fills: false });
  await broker.submit(buy("open", { symbol: "NDX" }));
  await broker.submit(sell("closing"));
  const who = { scope: "account", by: "tester", reason: "drill" } as const;
  expect((await broker.killSwitch.engage(who)).account.engaged).toBe(true);
  expect((await broker.listOrders({ status: "open" })).map((one) => one.client_order_id)).toEqual([
    "closing",
  ]);
  await put("/admin/market", { fills: true });
  expect(codeOf(await broker.submit(buy("new", { symbol: "NDX" })))).toBe(KILL_SWITCH_CODE);
  // It would turn the position, with what is open.
  expect(codeOf(await broker.submit(sell("turning", { qty: "2" })))).toBe(KILL_SWITCH_CODE);
  expect(codeOf(await broker.submit(sell("rest")))).toBe("submitted");
  await broker.killSwitch.release(who);
  expect(codeOf(await broker.submit(buy("new", { symbol: "NDX" })))).toBe("submitted");
  await broker.cancelAll();
});

test("whoever has no limits may only take away", async () => {
  const { broker, place, name } = account();
  await broker.submit(buy("a", { qty: "2" }));
  const { alpaca: book } = place;
  const lane = createBroker({
    ...place,
    account: name,
    ...(book && { alpaca: { ...book, limits: undefined } }),
  });
  expect(codeOf(await lane.submit(buy("b")))).toBe(NOT_ALLOWED_CODE);
  expect(codeOf(await lane.submit(sell("c", { qty: "3" })))).toBe(NOT_ALLOWED_CODE);
  expect(codeOf(await lane.submit(sell("d", { qty: "2" })))).toBe("submitted");
});

test("an asset that isn't traded like that is refused for good, what the account's state doesn't allow now isn't", async () => {
  const { broker, put } = account();
  const assets = {
    WHOLE: { fractionable: false },
    STILL: { tradable: false },
    LONG: { shortable: false },
  };
  await put("/admin/market", {
    assets,
    prices: { SPX: "100", NDX: "100", WHOLE: "10", STILL: "10", LONG: "10" },
  });
  for (const refused of [
    buy("a", { symbol: "WHOLE", qty: "1.5" }),
    buy("b", { symbol: "STILL" }),
    buy("c", { symbol: "NOSUCH" }),
    sell("d", { symbol: "LONG" }),
    sell("e", { qty: "0.5" }),
    buy("f", { qty: "0.5", time_in_force: "gtc" }),
  ])
    expect([refused.client_order_id, codeOf(await broker.submit(refused))]).toEqual([
      refused.client_order_id,
      INSTRUMENT_CODE,
    ]);
  expect(codeOf(await broker.submit(sell("g", { qty: "2" })))).toBe("submitted");
  expect(codeOf(await broker.submit(buy("h", { qty: "3" })))).toBe(INSTRUMENT_CODE);
  expect(codeOf(await broker.submit(buy("i", { qty: "2" })))).toBe("submitted");
  await put("/admin/market", { buying_power: "150" });
  const poor = await broker.submit(buy("j", { qty: "2" }));
  expect(poor).toMatchObject({
    code: String(ACCOUNT_STATE_CODE),
    message: "insufficient buying power",
  });
  await put("/admin/market", { buying_power: "1000000" });
  expect((await submitOnce(broker, buy("j", { qty: "2" }))).kind).toBe("submitted");
  expect(await broker.instrument("WHOLE")).toMatchObject({ tradable: true, fractional: false });
  expect(await broker.instrument("NOSUCH")).toMatchObject({ tradable: false });
});

test("an account without keys has no place, a drill's stays at the paper broker", async () => {
  const { place } = account();
  const nobody = createBroker({ ...place, account: "cand-ffffffffffff" });
  await expect(nobody.positions()).rejects.toMatchObject({
    code: "E_BROKER_REFUSED",
    message: expect.stringContaining("BATON_ALPACA_ACCOUNTS"),
  });
  expect(codeOf(await nobody.submit(buy("a")))).toBe(NOT_SENT_CODE);
  const drill = createBroker({ ...place, account: "drill-1" });
  expect(codeOf(await drill.submit(buy("a")))).toBe("submitted");
  const seen = createBroker({ ...place, alpaca: undefined, account: "drill-1" });
  expect(await seen.positions()).toHaveLength(1);
});

test("keys that Alpaca doesn't know send nothing, and no message has them", async () => {
  const { place, name } = account();
  const { alpaca: book } = place;
  const wrong = { key: "PKWRONG00000", secret: "wrong-secret-000", notBefore: 0, sweptAt: 0 };
  const accounts = new Map([[name, { ...wrong, prices: new Map() }]]);
  const broker = createBroker({
    ...place,
    account: name,
    ...(book && { alpaca: { ...book, accounts } }),
  });
  const said = [await broker.submit(buy("a")), await broker.positions().catch(String)];
  expect(said[0]).toMatchObject({ kind: "rejected", code: String(NOT_SENT_CODE) });
  expect(JSON.stringify(said)).toContain("401");
  expect(JSON.stringify(said)).not.toMatch(/PKWRONG|wrong-secret/);
});

test("the capability is declared by the paper broker and tried at Alpaca; a closed market is said", async () => {
  const { place, put } = account();
  expect(await askStanding({ ...place, alpaca: undefined })).toEqual({
    oneOrderPerClientOrderId: true,
    shared: [],
    closedUntil: null,
  });
  const open = await askStanding(place);
  expect(open).toEqual({ oneOrderPerClientOrderId: true, shared: [], closedUntil: null });
  expect(standingFault(open)).toBeUndefined();
  await put("/admin/market", { is_open: false });
  expect(Date.parse((await askStanding(place)).closedUntil ?? "")).toBeGreaterThan(Date.now());
  await put("/admin/market", { is_open: true });
});
