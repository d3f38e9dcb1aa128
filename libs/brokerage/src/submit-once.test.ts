import * as fc from "fast-check";
import { expect, test } from "vitest";

import { BrokerError } from "./broker-error.ts";
import type { Broker, SubmitOutcome } from "./broker-port.ts";
import { NewOrder, type Order } from "./order.ts";
import { submitOnce } from "./submit-once.ts";

const wanted = NewOrder.parse({
  client_order_id: "c-1",
  symbol: "SPX",
  qty: "1.50",
  side: "buy",
  type: "market",
  time_in_force: "day",
});
const { reference_price: _, ...terms } = wanted;
const order: Order = {
  ...terms,
  id: "o-1",
  qty: "1.5",
  created_at: "",
  filled_at: null,
  canceled_at: null,
  filled_qty: "0",
  filled_avg_price: null,
  status: "new",
};
const quick = { maxLookups: 3, initialDelayMs: 0 };
type Step = "found" | "absent" | "silent" | SubmitOutcome;

/** A broker that answers from a script and keeps what it was asked. */
function scripted(...steps: Step[]) {
  const asked: string[] = [];
  const next = (what: string) => {
    asked.push(what);
    const step = steps.shift();
    if (step === undefined) throw new Error(`asked for ${what} after the script`);
    return step;
  };
  const broker: Pick<Broker, "submit" | "byClientOrderId"> = {
    async submit() {
      const step = next("submit");
      if (typeof step === "string") throw new Error("a look-up was expected");
      return step;
    },
    async byClientOrderId() {
      const step = next("look");
      if (step === "silent") throw new BrokerError("down", 503);
      return step === "found" ? order : undefined;
    },
  };
  return { broker, asked };
}
const ambiguous: SubmitOutcome = { kind: "ambiguous", message: "HTTP 504" };
const duplicate: SubmitOutcome = { kind: "duplicate", message: "must be unique" };

test.each([
  [["found"], "existing", "look"],
  [["silent"], "unknown", "look"],
  [["absent", { kind: "submitted", order }], "submitted", "look submit"],
  [["absent", ambiguous, "absent", "silent", "found"], "submitted", "look submit look look look"],
  [["absent", ambiguous, "absent", "absent", "absent"], "unknown", "look submit look look look"],
  [["absent", duplicate, "found"], "existing", "look submit look"],
  [
    ["absent", { kind: "rejected", status: 403, code: "1", message: "no" }],
    "rejected",
    "look submit",
  ],
] as [Step[], string, string][])("S1, S2: %j ends %s, asking %s", async (steps, kind, asks) => {
  const { broker, asked } = scripted(...steps);
  expect((await submitOnce(broker, wanted, quick)).kind).toBe(kind);
  expect(asked.join(" ")).toBe(asks);
});

test("an order that was certainly never sent is sent without looking", async () => {
  const { broker, asked } = scripted({ kind: "submitted", order });
  await submitOnce(broker, wanted, { ...quick, maybeSent: false });
  expect(asked).toEqual(["submit"]);
});

test("S3: an order of this id with other terms is a mismatch that names them", async () => {
  const { broker } = scripted("found");
  const other = { ...wanted, qty: "2", side: "sell" as const };
  expect(await submitOnce(broker, other, quick)).toMatchObject({
    kind: "mismatch",
    differs: ["side", "qty"],
  });
});

test("looking stops at the deadline and when the caller stops", async () => {
  const late = scripted("absent", ambiguous, "absent");
  const options = { maxLookups: 20, initialDelayMs: 50, deadlineMs: 10 };
  expect((await submitOnce(late.broker, wanted, options)).kind).toBe("unknown");
  const stopped = scripted("absent", ambiguous, "absent");
  const signal = AbortSignal.abort();
  const outcome = await submitOnce(stopped.broker, wanted, {
    initialDelayMs: 1e6,
    deadlineMs: 1e9,
    signal,
  });
  expect(outcome.kind).toBe("unknown");
});

/** What the network does to a request: nothing, loses it, delivers it and loses the answer, or delivers it much later. */
const weather = fc.constantFrom("fine", "lost", "answer-lost", "late" as const);

test("J8: whatever the network does to however many calls, the broker gets one order and no call says otherwise", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(weather, { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      async (days, calls) => {
        const orders: Order[] = [];
        const late: (() => void)[] = [];
        const take = (): SubmitOutcome => {
          if (orders.length > 0) return duplicate;
          orders.push(order);
          return { kind: "submitted", order };
        };
        const broker: Pick<Broker, "submit" | "byClientOrderId"> = {
          async submit() {
            const day = days.shift() ?? "fine";
            if (day === "fine") return take();
            if (day === "answer-lost") take();
            if (day === "late") late.push(take);
            return ambiguous;
          },
          async byClientOrderId() {
            const day = days.shift() ?? "fine";
            if (day === "late") late.pop()?.();
            if (day === "lost" || day === "answer-lost") throw new BrokerError("down", undefined);
            return orders[0];
          },
        };
        for (let call = 0; call < calls; call += 1) {
          const outcome = await submitOnce(broker, wanted, { maxLookups: 2, initialDelayMs: 0 });
          const claimed = outcome.kind === "submitted" || outcome.kind === "existing";
          expect(!claimed || orders[0] === outcome.order).toBe(true);
          expect(["submitted", "existing", "unknown"]).toContain(outcome.kind);
        }
        for (const each of late) each();
        expect(
          (await submitOnce(broker, wanted, { maxLookups: 2, initialDelayMs: 0 })).kind,
        ).not.toBe("mismatch");
        expect(orders.length).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 200 },
  );
});
