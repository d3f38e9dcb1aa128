import { expect, test } from "vitest";

import { noticeWith } from "../testing/notice.ts";
import type { Channel, TellOutcome } from "./channel.ts";
import type { Attempt } from "./delivery-rules.ts";
import { openSwitchboard, type Switchboard } from "./switchboard.ts";

const TOLD: TellOutcome = { kind: "told" };
const DOWN: TellOutcome = { kind: "failed", why: "down" };

const channelOf = (
  name: string,
  tell: Channel["deliver"],
  more: Partial<Channel> = {},
): Channel => {
  return { name, type: "test", maxInFlight: 8, deliver: tell, ...more };
};

/** A switchboard with a clock that the test moves. */
function open(...channels: readonly Channel[]) {
  const clock = { ms: 1_000_000 };
  const counted: string[] = [];
  const stopping = new AbortController();
  const board = openSwitchboard({
    channels,
    now: () => clock.ms,
    stopping: stopping.signal,
    onAttempt: (name, what, { kind }) => counted.push(`${name} ${what} ${kind}`),
  });
  return { board, clock, counted, stopping };
}

async function deliver(
  board: Switchboard,
  names: readonly string[],
  withinMs = 1000,
): Promise<Record<string, Attempt>> {
  const all: [string, Attempt][] = [];
  for await (const batch of board.deliver(noticeWith(), names, withinMs)) all.push(...batch);
  return Object.fromEntries(all);
}

test("a channel that failed rests, longer each time, and other channels don't notice", async () => {
  const { board, clock, counted } = open(
    channelOf("down", async () => DOWN),
    channelOf("up", async () => TOLD),
  );
  const rests: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    expect(await deliver(board, ["down", "up"])).toEqual({ down: DOWN, up: TOLD });
    expect(board.isReachable("down")).toBe(false);
    const { down, up } = await deliver(board, ["down", "up"]);
    expect(up).toEqual(TOLD);
    if (down?.kind !== "deferred") throw new Error("it should rest");
    rests.push(down.untilMs - clock.ms);
    clock.ms = down.untilMs;
    expect(board.isReachable("down")).toBe(true);
  }
  expect(rests).toEqual([1000, 2000, 4000, 8000]);
  // What was deferred wasn't tried.
  expect(counted.filter((line) => line.startsWith("down"))).toHaveLength(4);
  expect(board.states()).toMatchObject([
    { name: "down", trouble: { why: "down" } },
    { name: "up" },
  ]);
});

test("notices that were under way together when it went down count as one failure", async () => {
  const gate = Promise.withResolvers<TellOutcome>();
  const { board, clock } = open(channelOf("down", () => gate.promise));
  const all = Promise.all(Array.from({ length: 8 }, () => deliver(board, ["down"])));
  gate.resolve(DOWN);
  await all;
  const { down } = await deliver(board, ["down"]);
  expect(down).toMatchObject({ kind: "deferred", untilMs: clock.ms + 1000 });
});

test("after its rest one notice tries it while the others wait for how that ends", async () => {
  const gate = Promise.withResolvers<TellOutcome>();
  const answers = [Promise.resolve(DOWN), gate.promise];
  let tried = 0;
  const { board, clock } = open(
    channelOf("down", () => {
      tried += 1;
      return answers.shift() ?? Promise.resolve(TOLD);
    }),
  );
  await deliver(board, ["down"]);
  clock.ms += 1000;
  const probe = deliver(board, ["down"]);
  expect(await deliver(board, ["down"])).toMatchObject({ down: { kind: "deferred" } });
  expect(tried).toBe(2);
  gate.resolve(TOLD);
  expect(await probe).toEqual({ down: TOLD });
  expect(await deliver(board, ["down"])).toEqual({ down: TOLD });
});

test("the receiver's own wish for a pause is heeded, and a refusal makes nobody else wait", async () => {
  const busy: TellOutcome = { kind: "failed", why: "429", retryAfterMs: 60_000 };
  const answers: TellOutcome[] = [{ kind: "refused", why: "400" }, busy];
  const { board, clock } = open(channelOf("busy", async () => answers.shift() ?? TOLD));
  await deliver(board, ["busy"]);
  expect(board.isReachable("busy")).toBe(true);
  await deliver(board, ["busy"]);
  clock.ms += 59_999;
  expect(board.isReachable("busy")).toBe(false);
  clock.ms += 1;
  expect(await deliver(board, ["busy"])).toEqual({ busy: TOLD });
});

test("who finds no place in time is deferred, not failed", async () => {
  const never = Promise.withResolvers<TellOutcome>();
  const { board, counted } = open(channelOf("narrow", () => never.promise, { maxInFlight: 1 }));
  const first = deliver(board, ["narrow"], 300);
  expect(await deliver(board, ["narrow"], 50)).toMatchObject({
    narrow: { kind: "deferred", why: "many notices at once" },
  });
  expect(await first).toMatchObject({
    narrow: { kind: "failed", why: "it didn't answer within 300 ms" },
  });
  expect(counted).toEqual(["narrow open failed"]);
});

test("a channel of another name is left for who has it", async () => {
  const { board } = open();
  expect(board.isReachable("elsewhere")).toBe(false);
  expect(await deliver(board, ["elsewhere"])).toMatchObject({ elsewhere: { kind: "deferred" } });
});

test("only channels that forget are shown what is open, and a round without news proves nothing", async () => {
  const seen: string[] = [];
  const answers: (TellOutcome | undefined)[] = [DOWN, undefined, TOLD];
  const { board, clock, counted } = open(
    channelOf("log", async () => TOLD),
    channelOf("pager", async () => TOLD, {
      keep: async (notices) => {
        seen.push(...notices.map(({ matter }) => matter));
        return answers.shift();
      },
    }),
  );
  const trouble = () => board.states()[1]?.trouble;
  const keep = () => board.keep((name) => [noticeWith({ matter: `of.${name}` })], 1000);
  await keep();
  expect(trouble()).toMatchObject({ why: "down" });
  clock.ms += 1000;
  await keep();
  expect(trouble()).toMatchObject({ why: "down" });
  await keep();
  expect(trouble()).toBeUndefined();
  expect(seen).toEqual(["of.pager", "of.pager", "of.pager"]);
  expect(counted).toEqual(["pager keep failed", "pager keep told"]);
});

test("a receiver that hangs doesn't keep the process from stopping", async () => {
  const never = Promise.withResolvers<TellOutcome>();
  const { board, stopping } = open(channelOf("hanging", () => never.promise));
  const telling = deliver(board, ["hanging"], 3_600_000);
  stopping.abort();
  expect(await telling).toMatchObject({
    hanging: { kind: "failed", why: "it didn't answer within 1000 ms" },
  });
});
