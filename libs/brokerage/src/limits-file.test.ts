import { keyOf, type People } from "@baton/people";
import { createUser } from "@nats-io/nkeys";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { limitsText, parseLimits, type Raise, RAISE_ROLE } from "./limits-file.ts";
import { DEFAULT_LIMITS, DEFAULT_TOTAL, type OrderLimits } from "./limits.ts";

const pairs = {
  ada: createUser(),
  ben: createUser(),
  "ada ": createUser(),
  bob: createUser(),
  b0b: createUser(),
  bot: createUser(),
  mallory: createUser(),
};
/** All but mallory; all but the bot may raise limits. */
function registry(roleOf = (name: string) => (name === "bot" ? "ops" : RAISE_ROLE)): People {
  return new Map(
    Object.entries(pairs)
      .filter(([name]) => name !== "mallory")
      .map(([name, pair]) => {
        const publicKey = pair.getPublicKey();
        return [publicKey, { name, roles: [roleOf(name)], key: keyOf(publicKey) }];
      }),
  );
}
const people = registry();
const RAISED: OrderLimits = { ...DEFAULT_LIMITS, notional: DEFAULT_LIMITS.notional + 1 };
const MESH = `mesh-${"a".repeat(32)}`;
const NOW = new Date("2026-03-01T12:00:00.000Z");
const raise = (over: Partial<Raise> = {}): Raise => ({
  mesh: MESH,
  at: "2026-03-01T11:00:00.000Z",
  until: "2026-03-31T11:00:00.000Z",
  ...over,
});
const entry = (limits: OrderLimits = RAISED, raised: Raise | undefined = raise()) => ({
  limits,
  why: "agreed on",
  raised,
});

function signed(name: keyof typeof pairs, account = "cand-0001", of = entry()) {
  const pair = pairs[name];
  const signature = pair.sign(new TextEncoder().encode(limitsText(account, of)));
  return {
    publicKey: pair.getPublicKey(),
    signature: Buffer.from(signature).toString("base64url"),
  };
}

/** What a text is read as at `now` in the mesh. */
function parsed(text: string, { now = NOW, mesh = MESH }: { now?: Date; mesh?: string } = {}) {
  return parseLimits(text, { people, mesh, now: () => now });
}

const document = (accounts: Record<string, unknown>, total?: unknown): string =>
  stringify({ version: "baton-limits-v2", ...(total === undefined ? {} : { total }), accounts });

/** What the file's limits of `cand-0001` are, or its faults. */
function read(accounts: Record<string, unknown>, at: { now?: Date; mesh?: string } = {}) {
  const result = parsed(document(accounts), at);
  return "book" in result ? result.book.of("cand-0001") : result.faults.join("\n");
}

/** `cand-0001` raised by two, with this mesh and these dates. */
function raisedWith(over: Partial<Raise>) {
  const of = entry(RAISED, raise(over));
  const raisedBy = [signed("ada", "cand-0001", of), signed("ben", "cand-0001", of)];
  return { "cand-0001": { ...of, raisedBy } };
}

test("whoever isn't named has the default, or what the file gives everybody", () => {
  expect(read({})).toEqual(DEFAULT_LIMITS);
  const low = { ...DEFAULT_LIMITS, notional: 5 };
  expect(read({ "*": entry(low) })).toEqual(low);
  expect(read({ "*": entry(low), "cand-0001": entry(DEFAULT_LIMITS) })).toEqual(DEFAULT_LIMITS);
  expect(read({ "cand-0002": entry(low) })).toEqual(DEFAULT_LIMITS);
});

test("a raised limit holds with the signatures of two different people", () => {
  const raisedBy = [signed("ada"), signed("ben")];
  expect(read({ "cand-0001": { ...entry(), raisedBy } })).toEqual(RAISED);
});

test.each([
  ["nobody", [], /nobody has signed/],
  ["one", [signed("ada")], /signed by ada only/],
  ["one twice", [signed("ada"), signed("ada")], /signed by ada only/],
  ["one under a name that reads the same", [signed("ada"), signed("ada ")], /signed by ada only/],
  ["one under a name that looks the same", [signed("bob"), signed("b0b")], /signed by bob only/],
  [
    "one and a bot that has another role",
    [signed("ada"), signed("bot")],
    /different people with the role raise-limits; signed by ada only, and by bot without it; ada, ben, .* have it, and/,
  ],
  ["a bot alone", [signed("bot")], /signed by nobody, and by bot without it/],
  ["one whom nobody knows", [signed("ada"), signed("mallory")], /registry doesn't have/],
  ["one for another account", [signed("ada"), signed("ben", "cand-0002")], /ben's signature/],
  [
    "one for other figures",
    [signed("ada"), signed("ben", "cand-0001", entry(DEFAULT_LIMITS))],
    /ben's signature/,
  ],
])("a limit raised by %s isn't taken", (_, raisedBy, fault) => {
  expect(read({ "cand-0001": { ...entry(), raisedBy } })).toMatch(fault);
});

test("beside two who may, the signature of somebody who may not changes nothing", () => {
  const raisedBy = [signed("ada"), signed("bot"), signed("ben")];
  expect(read({ "cand-0001": { ...entry(), raisedBy } })).toEqual(RAISED);
});

test("in a registry from before the role nobody raises anything, and the fault says who gives it and how", () => {
  const raisedBy = [signed("ada"), signed("ben")];
  const text = document({ "cand-0001": { ...entry(), raisedBy } });
  const older = parseLimits(text, { people: registry(() => "risk"), mesh: MESH, now: () => NOW });
  expect("faults" in older && older.faults).toEqual([
    "cand-0001: notional above the default takes the signatures of 2 different people with the role raise-limits; signed by nobody, and by ada, ben without it; nobody has it, and whoever keeps the key registry gives it to a person there, as in `roles: [raise-limits]`",
  ]);
  const low = document({ "cand-0001": entry({ ...DEFAULT_LIMITS, notional: 5 }) });
  const lowered = parseLimits(low, { people: new Map(), mesh: MESH, now: () => NOW });
  expect("book" in lowered && lowered.book.of("cand-0001").notional).toBe(5);
});

test.each([
  ["another version", "version: v3\naccounts: {}\n", /version/],
  [
    "the form before, whose raises end never",
    "version: baton-limits-v1\naccounts: {}\n",
    /limits-v2/,
  ],
  ["a key that nobody knows", "version: baton-limits-v2\naccounts: {}\nmore: 1\n", /more/],
  ["aliases", "version: &a baton-limits-v2\naccounts: {}\nmore: *a\n", /aliases/],
  ["no YAML", "a: [", /isn't YAML/],
])("a file with %s is refused with the reason", (_, text, fault) => {
  const result = parsed(text);
  expect("faults" in result && result.faults.join()).toMatch(fault);
});

test.each([
  [
    "for another mesh",
    { mesh: `mesh-${"b".repeat(32)}` },
    /raised for mesh-b+, and this is mesh-a+/,
  ],
  ["from a day in the future", { at: "2026-03-02T12:00:00.000Z" }, /in the future/],
  ["for longer than ninety days", { until: "2026-05-31T11:00:00.000Z" }, /90 days are the most/],
  ["that ends before it begins", { until: "2026-03-01T10:00:00.000Z" }, /before it begins/],
])("a limit raised %s isn't taken, though two have signed it", (_, over, fault) => {
  expect(read(raisedWith(over))).toMatch(fault);
});

test("a raise takes its mesh and dates from what was signed, and a mesh that has a name", () => {
  const moved = raisedWith({});
  expect(
    read({
      "cand-0001": { ...moved["cand-0001"], raised: raise({ until: "2026-04-01T11:00:00.000Z" }) },
    }),
  ).toMatch(/ada's signature is not of/);
  const nameless = parseLimits(document(moved), { people, mesh: undefined, now: () => NOW });
  expect("faults" in nameless && nameless.faults.join()).toMatch(/BATON_MESH_NAME/);
});

test("when a raise is over the default holds again, lower figures stay, and it is told a week before", () => {
  const limits = { ...RAISED, ordersPerMinute: 3 };
  const of = entry(limits);
  const raisedBy = [signed("ada", "cand-0001", of), signed("ben", "cand-0001", of)];
  let now = NOW;
  const result = parseLimits(document({ "cand-0001": { ...of, raisedBy } }), {
    people,
    mesh: MESH,
    now: () => now,
  });
  if (!("book" in result)) throw new Error(result.faults.join());
  const { book } = result;
  expect([book.of("cand-0001"), book.ending()]).toEqual([limits, []]);
  const { until } = raise();
  now = new Date("2026-03-25T12:00:00.000Z");
  expect(book.ending()).toEqual([{ of: "cand-0001", until, isOver: false }]);
  now = new Date(until);
  expect(book.of("cand-0001")).toEqual({ ...DEFAULT_LIMITS, ordersPerMinute: 3 });
  expect(book.ending()).toEqual([{ of: "cand-0001", until, isOver: true }]);
});

test("all accounts together have a limit too, raised in the same way, and never by an account's signatures", () => {
  const total = {
    limits: { notional: DEFAULT_TOTAL.notional + 1 },
    why: "agreed on",
    raised: raise(),
  };
  const book = (of: unknown) => {
    const result = parsed(document({}, of));
    return "book" in result ? result.book.total() : result.faults.join("\n");
  };
  const by = (account: string) =>
    (["ada", "ben"] as const).map((name) => {
      const bytes = new TextEncoder().encode(limitsText(account, total));
      const signature = Buffer.from(pairs[name].sign(bytes)).toString("base64url");
      return { publicKey: pairs[name].getPublicKey(), signature };
    });
  expect(book(undefined)).toEqual(DEFAULT_TOTAL);
  expect(book({ limits: { notional: 5 }, why: "low" })).toEqual({ notional: 5 });
  expect(book(total)).toMatch(/nobody has signed/);
  expect(book({ ...total, raisedBy: by("total") })).toEqual(total.limits);
  expect(book({ ...total, raisedBy: by("cand-0001") })).toMatch(/ada's signature/);
});
