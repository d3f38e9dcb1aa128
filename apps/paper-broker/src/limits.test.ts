/** The limits of accounts, at the broker: nobody's strategy can raise them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { LIMIT_CODE, limitsText, type NewOrderInput, OrderLimits } from "@baton/brokerage";
import { BROKER_TOKENS_ENV, spawnService, temporaryFolder } from "@baton/testkit";
import { createUser } from "@nats-io/nkeys";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";

import { createBook } from "./book.ts";
import { takeOrder } from "./rules.ts";
import { order, restingOrder } from "./testing/order.ts";

const MESH = `mesh-${"a".repeat(32)}`;
const AT = "2026-01-05T12:00:00.000Z";
const LATER = "2026-01-05T12:01:00.000Z";
const limits: OrderLimits = {
  notional: 1000,
  orderNotional: 600,
  position: 8,
  ordersPerMinute: 4,
};

/** An account and what becomes of orders in it: the status, or which limit refused it. */
function account() {
  const book = createBook();
  let n = 0;
  return (over: Partial<NewOrderInput>, at = AT) => {
    n += 1;
    const wanted = order({ client_order_id: `order-${n}`, ...over });
    const decision = takeOrder(book, "paper", wanted, { at, limits });
    if (decision.kind === "granted") book.apply(decision.event);
    if (decision.kind === "granted") return "taken";
    expect([decision.status, decision.code]).toEqual([403, LIMIT_CODE]);
    return /over the limit (\w+)/.exec(decision.message)?.[1];
  };
}

test("an order is held against each limit by what is held after it, and exactly the limit passes", () => {
  const one = account();
  expect(one({ qty: "6.01" })).toBe("orderNotional");
  expect(one({ qty: "6" })).toBe("taken");
  expect(one({ qty: "2.1", reference_price: "1" })).toBe("position");
  expect(one({ symbol: "NDX", qty: "5" })).toBe("notional");
  expect(one({ symbol: "NDX", qty: "4" })).toBe("taken");
  expect(one({ symbol: "NDX", qty: "1", side: "sell" })).toBe("taken");
  // Over the limit because of what was there before: closing is what it needs.
  expect(one({ qty: "6", side: "sell", reference_price: "500" })).toBe("taken");
});

test("what is open counts as if it were filled, and a price that is named low doesn't hide the higher one", () => {
  const one = account();
  const rest = restingOrder({ symbol: "NDX", qty: "4", limit_price: "140" });
  expect(one(rest)).toBe("taken");
  expect(one({ qty: "5" })).toBe("notional");
  expect(one({ symbol: "NDX", qty: "5" })).toBe("position");
  expect(one({ type: "limit", side: "sell", limit_price: "1", qty: "7" })).toBe("orderNotional");
});

test("a position may be turned: what it closes isn't added, what it opens is", () => {
  const one = account();
  expect(one({ qty: "5" })).toBe("taken");
  expect(one({ qty: "11", side: "sell" })).toBe("taken");
  expect(one({ qty: "12.5" })).toBe("orderNotional");
});

test("orders of one minute are counted, and closing passes all the same", () => {
  const one = account();
  for (const qty of ["1", "1", "1", "1"]) expect(one({ qty })).toBe("taken");
  expect(one({ qty: "1" })).toBe("ordersPerMinute");
  expect(one({ qty: "4", side: "sell" })).toBe("taken");
  expect(one({ qty: "1" }, LATER)).toBe("taken");
});

test("many accounts together have a limit as well, and what takes away passes", () => {
  const book = createBook();
  const put = (name: string, over: Partial<NewOrderInput>) => {
    const wanted = order({ client_order_id: `${name}-${book.size}`, ...over });
    const decision = takeOrder(book, name, wanted, { at: AT, limits, total: { notional: 1500 } });
    if (decision.kind === "granted") book.apply(decision.event);
    return decision.kind === "granted" ? "taken" : decision.message;
  };
  expect(put("one", { qty: "6" })).toBe("taken");
  expect(put("two", restingOrder({ symbol: "NDX", qty: "4", limit_price: "140" }))).toBe("taken");
  expect(put("three", { qty: "4" })).toBe(
    "over the limit total 1500 of all accounts together: 1560 would be held",
  );
  expect(put("one", { symbol: "NDX", qty: "4" })).toContain("over the limit total");
  expect(put("one", { qty: "6", side: "sell" })).toBe("taken");
  expect(put("three", { qty: "4" })).toBe("taken");
});

test("the broker starts with limits that two people raised, and not with those of one", async () => {
  const folder = temporaryFolder("broker-limits");
  onTestFinished(() => folder.remove());
  const [ada, ben] = [createUser(), createUser()];
  const people = join(folder.path, "people.yaml");
  const registry = [
    { name: "ada", publicKey: ada.getPublicKey(), roles: ["raise-limits"] },
    { name: "ben", publicKey: ben.getPublicKey(), roles: ["raise-limits", "risk"] },
  ];
  const entry = {
    limits: OrderLimits.parse({ ...limits, notional: 5_000_000, orderNotional: 5_000_000 }),
    why: "agreed",
    raised: {
      mesh: MESH,
      at: new Date().toISOString(),
      until: new Date(Date.now() + 86_400_000).toISOString(),
    },
  };
  const bytes = new TextEncoder().encode(limitsText("paper", entry));
  const signed = [ada, ben].map((pair) => ({
    publicKey: pair.getPublicKey(),
    signature: Buffer.from(pair.sign(bytes)).toString("base64url"),
  }));
  const start = (raisedBy: unknown[], mesh = MESH, registered = registry) => {
    writeFileSync(people, stringify(registered));
    const file = join(folder.path, "limits.yaml");
    writeFileSync(
      file,
      stringify({ version: "baton-limits-v2", accounts: { paper: { ...entry, raisedBy } } }),
    );
    return spawnService("apps/paper-broker/src/main.ts", {
      ...BROKER_TOKENS_ENV,
      BATON_BROKER_DIR: join(folder.path, "broker"),
      BATON_LIMITS: file,
      BATON_PEOPLE: people,
      BATON_MESH_NAME: mesh,
      BATON_TRACES_PER_SECOND: "0",
    });
  };
  const one = start(signed.slice(0, 1));
  expect(await one.exited).toMatchObject({ code: 3 });
  expect(one.output()).toContain("signed by ada only");
  const elsewhere = start(signed, `mesh-${"b".repeat(32)}`);
  expect(await elsewhere.exited).toMatchObject({ code: 3 });
  expect(elsewhere.output()).toContain("and this is mesh-b");
  const older = registry.map((person) => ({ ...person, roles: [] }));
  const without = start(signed, MESH, older);
  expect(await without.exited).toMatchObject({ code: 3 });
  expect(without.output()).toContain("nobody has it");
  const both = start(signed);
  onTestFinished(async () => void (await both.stop()));
  await both.ready();
});
