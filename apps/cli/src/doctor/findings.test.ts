import {
  clockFinding,
  driftFinding,
  fault,
  foreignFindings,
  judge,
  ok,
  overdueFindings,
  remark,
  reviewFindings,
} from "@baton/client";
import { GitError } from "@baton/gitops";
import { START_MS, stored } from "@baton/testkit";
import { expect, test } from "vitest";

import { findingsOf, lossFirst, renderFindings } from "./doctor.ts";

const info = (
  name: string,
  numbers: Partial<Parameters<typeof judge>[0]>,
): Parameters<typeof judge>[0] => ({
  name,
  stream_name: "JOURNAL",
  num_waiting: 0,
  num_pending: 0,
  num_ack_pending: 0,
  num_redelivered: 0,
  ts: new Date(START_MS).toISOString(),
  delivered: { consumer_seq: 1, stream_seq: 1 },
  ack_floor: { consumer_seq: 1, stream_seq: 1 },
  config: { ack_wait: 30_000_000_000 },
  ...numbers,
});

const activeAgo = (ms: number) => ({
  ack_floor: {
    consumer_seq: 1,
    stream_seq: 1,
    last_active: new Date(START_MS - ms).toISOString(),
  },
});

test("a lane that asks for work, or works, is well", () => {
  expect(judge(info("lane-a", { num_waiting: 1 })).level).toBe("ok");
  expect(judge(info("lane-a", { num_ack_pending: 2 })).level).toBe("ok");
});

test("deliveries that are held are no sign of life: whoever holds them must say that it works", () => {
  for (const name of ["lane-c", "coordinator-reports", "escalation"]) {
    const held = { num_ack_pending: 2, num_redelivered: 1 };
    expect(judge(info(name, { ...held, ...activeAgo(29_000) })).level).toBe("ok");
    expect(judge(info(name, { ...held, ...activeAgo(31_000) }))).toMatchObject({
      level: "fault",
      found: expect.stringContaining("gave no sign of life for 31s"),
      repair: expect.stringContaining("baton restart"),
    });
    expect(judge(info(name, { ...held, num_waiting: 1, ...activeAgo(31_000) })).level).toBe("ok");
  }
});

test("a lane or coordinator that nobody runs is a fault, escalation only if reviews wait", () => {
  expect(judge(info("lane-c", {}))).toMatchObject({
    level: "fault",
    repair: expect.stringContaining("lane-c"),
  });
  expect(judge(info("coordinator-reports", {})).level).toBe("fault");
  expect(judge(info("escalation", {})).level).toBe("note");
  expect(judge(info("escalation", { num_pending: 1 })).level).toBe("fault");
});

test("a candidate is overdue a while after its deadline, not while a person or nobody has it", () => {
  const deadline = new Date(START_MS).toISOString();
  const late = START_MS + 120_000;
  expect(overdueFindings([stored(1, 0, { deadline })], late)).toMatchObject([
    { level: "fault", found: "cand-sample at draft is overdue by 2m, and no review was opened" },
  ]);
  expect(overdueFindings([stored(1, 0, { deadline })], START_MS + 60_000)[0]?.level).toBe("ok");
  expect(overdueFindings([stored(1, 0, { deadline, holder: "review" })], late)[0]?.level).toBe(
    "ok",
  );
});

test("a question that nobody answers in time is a fault with its action, the longest wait first", () => {
  const asked = (n: number, seconds: number) =>
    stored(n, 0, {
      candidateId: `cand-${String(n).padStart(6, "0")}`,
      holder: "review",
      reason: "DEADLINE_PASSED",
      deadline: new Date(START_MS + seconds * 1000).toISOString(),
      review: {
        openedAt: new Date(START_MS).toISOString(),
        next: null,
        evidence: null,
      },
    });
  const late = START_MS + 3_600_000;
  expect(reviewFindings([asked(1, 1800), asked(2, 0), asked(3, 7200)], late)).toMatchObject([
    {
      level: "fault",
      found: expect.stringMatching(/^cand-000002 .* overdue by 1h/),
      repair: expect.stringContaining("`baton resume cand-000002 --why …` to run the stage again"),
    },
    { level: "fault", found: expect.stringMatching(/^cand-000001 .* overdue by 30m/) },
  ]);
  expect(reviewFindings([asked(3, 7200)], late)).toMatchObject([{ level: "ok" }]);
  const many = Array.from({ length: 12 }, (_, index) => asked(index + 1, 0));
  expect(reviewFindings(many, late).map(({ found }) => found)).toContain("2 more are overdue");
});

test("foreign messages are faults, named up to ten", () => {
  const wrong = Array.from({ length: 12 }, (_, index) => ({
    sequence: index + 1,
    why: "x",
    otherRelease: false,
  }));
  const findings = foreignFindings(wrong);
  expect(findings).toHaveLength(11);
  expect(findings.every(({ level }) => level === "fault")).toBe(true);
  expect(findings.at(-1)?.found).toBe("2 more such messages");
  expect(foreignFindings([])[0]?.level).toBe("ok");
});

test("entries of another release are told as such, and nobody is told to remove them", () => {
  const findings = foreignFindings([
    { sequence: 7, why: "is an entry of another release: v: 2", otherRelease: true },
    { sequence: 8, why: "isn't an entry: v", otherRelease: false },
    { sequence: 9, why: "is older", otherRelease: true, olderRelease: true },
  ]);
  expect(findings.map(({ level, found }) => [level, found])).toEqual([
    ["fault", "JOURNAL 7 is an entry of another release: v: 2 (E_ENTRY_NEWER)"],
    ["fault", "JOURNAL 9 is older (E_ENTRY_OLDER)"],
    ["fault", "JOURNAL 8 isn't an entry: v"],
  ]);
  expect(findings[0]?.repair).toMatch(/^Update the coordinators .* first.*Don't remove them/);
  expect(findings[1]?.repair).toMatch(/run the release that wrote them.*Don't remove them/);
  expect(findings[2]?.repair).toContain("removes that message");
});

test("a clock that differs is worth knowing, and a fault once commands are refused for it", () => {
  const server = new Date(START_MS).toISOString();
  const off = (ms: number) =>
    clockFinding(server, { sentMs: START_MS + ms - 10, receivedMs: START_MS + ms + 10 });
  expect(off(0).level).toBe("ok");
  expect(off(300_000)).toMatchObject({
    level: "note",
    found: "this machine's is 5m ahead of the server's",
    repair: expect.stringContaining("more than 10m before or after they are stored are refused"),
  });
  for (const ms of [10_800_000, -10_800_000])
    expect(off(ms)).toMatchObject({
      level: "fault",
      found: expect.stringMatching(/3h .*are refused, the kill switch too/),
    });
});

test("a durable that is absent is made again by a coordinator that runs; nothing else is", () => {
  const gone = { field: "existence", has: "absent", wants: "present" };
  const durable = { ...gone, what: "consumer lane-c of JOURNAL" };
  expect(driftFinding(durable, { coordinated: true })).toMatchObject({
    level: "note",
    repair: expect.stringContaining("within 15 s"),
  });
  expect(driftFinding(durable, { coordinated: false })).toMatchObject({
    level: "fault",
    repair: expect.stringContaining("Start the coordinator"),
  });
  expect(driftFinding({ ...gone, what: "stream JOURNAL" }, { coordinated: true }).level).toBe(
    "fault",
  );
});

test("an examination that fails is a fault by its name, and keeps no other from looking", async () => {
  const broken = () => Promise.reject(new Error("timeout"));
  expect(await findingsOf("streams", broken)).toMatchObject([
    { level: "fault", about: "streams", found: "can't be examined: timeout" },
  ]);
});

test("what can't be examined without Git names Git, with its repair", async () => {
  const away = new GitError({
    class: "transient",
    code: "E_GIT_UNAVAILABLE",
    message: "git fetch ended with 128: fatal: no repository",
    action: "Check the repository's address.",
  });
  expect(await findingsOf("runs", () => Promise.reject(away))).toEqual([
    fault("runs", `can't be examined, as Git can't be asked: ${away.message}`, away.action),
  ]);
});

test("while history is lost the loss comes first: no other advice may make it worse", () => {
  const lost = {
    ...fault("history", "E_LOG_RESET JOURNAL is gone", "restore"),
    loss: true as const,
  };
  const found = [
    ["services", [fault("coordinator", "isn't ready", "look at it")]],
    [
      "journal",
      [fault("journal", "JOURNAL 8 isn't an entry", "remove it"), ok("deadlines", "none")],
    ],
  ] as const;
  const repairs = (...more: Parameters<typeof lossFirst>[0]) =>
    lossFirst([...more, ...found]).map(({ repair }) => repair);
  expect(repairs(["history", [ok("history", "whole")]])).toEqual([
    undefined,
    "look at it",
    "remove it",
    undefined,
  ]);
  expect(repairs(["history", [lost]])).toEqual([
    "restore",
    "look at it",
    expect.stringMatching(/^First `history`/),
    undefined,
  ]);
});

test("findings are read with their repairs, and end with a verdict", () => {
  const text = renderFindings([
    ok("a", "fine"),
    remark("bb", "so so", "look"),
    fault("c", "bad", "mend"),
  ]);
  expect(text).toBe(
    "ok     a   fine\nnote   bb  so so\n           do: look\nfault  c   bad\n           do: mend\n1 fault\n",
  );
  expect(renderFindings([ok("a", "fine")])).toContain("healthy");
});
