import type { ConsumerInfo } from "@nats-io/jetstream";
import { expect, test } from "vitest";

import { START_MS, stored } from "../testing/sample-entries.ts";
import { renderFindings } from "./doctor.ts";
import { foreignFindings, overdueFindings } from "./examine-candidates.ts";
import { examineClock } from "./examine-server.ts";
import { judge } from "./examine-streams.ts";
import { fault, ok, remark } from "./finding.ts";

const info = (name: string, numbers: Partial<ConsumerInfo>): Parameters<typeof judge>[0] => ({
  name,
  stream_name: "JOURNAL",
  num_waiting: 0,
  num_pending: 0,
  num_ack_pending: 0,
  num_redelivered: 0,
  ...numbers,
});

test("a lane that asks for work, or works, is well", () => {
  expect(judge(info("lane-a", { num_waiting: 1 })).level).toBe("ok");
  expect(judge(info("lane-a", { num_ack_pending: 2 })).level).toBe("ok");
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

test("foreign messages are faults, named up to ten", () => {
  const wrong = Array.from({ length: 12 }, (_, index) => ({ sequence: index + 1, why: "x" }));
  const findings = foreignFindings(wrong);
  expect(findings).toHaveLength(11);
  expect(findings.every(({ level }) => level === "fault")).toBe(true);
  expect(findings.at(-1)?.found).toBe("2 more such messages");
  expect(foreignFindings([])[0]?.level).toBe("ok");
});

test("a clock that differs is worth knowing, never a fault", () => {
  const server = new Date(START_MS).toISOString();
  expect(examineClock(server, START_MS - 10, START_MS + 10).level).toBe("ok");
  expect(examineClock(server, START_MS + 10_800_000, START_MS + 10_800_010)).toMatchObject({
    level: "note",
    found: "this machine's is 3h ahead of the server's",
  });
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
