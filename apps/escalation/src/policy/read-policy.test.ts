import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { REASONS } from "@baton/contracts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseDocument } from "yaml";

import { newSecret, openPolicyFolder, type PolicyFolder } from "../testing/policy-file.ts";
import { parsePolicy } from "./read-policy.ts";
import { findRoute } from "./resolve-routes.ts";
import { reached } from "./route.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const EXAMPLE = join(ROOT, "examples/notifications/escalation.yaml");

let folder: PolicyFolder;
let path: string;
beforeEach(() => {
  folder = openPolicyFolder();
  path = dirname(folder.write({}));
  folder.secret("desk-secret", newSecret());
  folder.secret("slack-url", "https://hooks.slack.example/services/T/B/x");
});
afterEach(() => folder.remove());

const parse = (policy: unknown) =>
  parsePolicy(typeof policy === "string" ? policy : JSON.stringify(policy), {
    folder: path,
    defaults: { everyMs: 1000, atMost: 2 },
  });
function faultsOf(policy: unknown): readonly string[] {
  const parsed = parse(policy);
  return parsed.ok ? [] : parsed.faults;
}

const desk = {
  name: "desk",
  type: "webhook",
  url: "https://desk.example/hook",
  secretFile: "desk-secret",
};
const team = { name: "team", type: "slack", urlFile: "slack-url" };
const pager = { name: "pager", type: "alertmanager", url: "https://alerts.example" };
const all = { tell: ["desk"] };

test("the example is what it says it is", () => {
  const text = readFileSync(EXAMPLE, "utf8");
  const parsed = parsePolicy(text, {
    folder: path,
    defaults: { everyMs: 1000, atMost: 2 },
  });
  const runbook = /docs\/reasons\/\{reason\}\.md$/m.exec(text)?.[0] ?? "";
  const absent = Object.keys(REASONS).filter(
    (reason) => !existsSync(join(ROOT, runbook.replace("{reason}", reason))),
  );
  expect(absent).toEqual([]);
  const names = [...text.matchAll(/File: (\S+)/g)].map(([, name]) => name ?? "");
  // All that is wrong with it is that its secrets aren't there.
  expect(parsed.ok ? [] : parsed.faults).toHaveLength(names.length);
  const document = parseDocument(text.replaceAll("/run/secrets/baton/", ""));
  for (const name of names.map((file) => file.split("/").at(-1) ?? ""))
    folder.secret(name, name.includes("slack") ? "https://hooks.slack.example/T" : newSecret());
  const read = parse(document.toString());
  if (!read.ok) throw new Error(read.faults.join("\n"));
  const approval = findRoute(read.policy.routes, "APPROVAL_REQUIRED");
  expect(approval).toMatchObject({ tell: ["team", "desk"], severity: "info", remindersMax: 4 });
  const usual = "warning" as const;
  expect(reached(approval, { reminders: 2, overdue: false, usual })).toMatchObject({
    severity: "warning",
  });
  expect(reached(approval, { reminders: 0, overdue: true, usual })).toEqual({
    channels: ["team", "desk", "pager"],
    severity: "critical",
  });
});

test("the first route that matches counts, by class or by reason; what it doesn't say is the default", () => {
  const parsed = parse({
    channels: [desk, team, pager],
    routes: [
      { for: ["GATE_FAILED", "approval"], tell: ["team"], reminders: { every: "90s" } },
      { for: ["failure"], tell: ["pager"], severity: "critical", levels: [] },
      { tell: ["desk"], reminders: { atMost: 0 } },
    ],
  });
  if (!parsed.ok) throw new Error(parsed.faults.join("\n"));
  const of = (reason: Parameters<typeof findRoute>[1]) => findRoute(parsed.policy.routes, reason);
  expect(of("GATE_FAILED")).toMatchObject({
    tell: ["team"],
    severity: undefined,
    reminderEveryMs: 90_000,
    remindersMax: 2,
    levels: [{ at: "overdue", also: [], severity: "critical" }],
  });
  expect(of("APPROVAL_REQUIRED")).toBe(of("GATE_FAILED"));
  expect(of("STALLED")).toMatchObject({ tell: ["pager"], severity: "critical", levels: [] });
  expect(of("PAUSED")).toMatchObject({ tell: ["desk"], remindersMax: 0, reminderEveryMs: 1000 });
});

test("matters of the mesh have a class of their own, and can be named one by one", () => {
  const parsed = parse({
    channels: [desk, team, pager],
    routes: [
      { for: ["GIT_TASK_OPEN"], tell: ["team"], severity: "info" },
      { for: ["mesh"], tell: ["pager"] },
      all,
    ],
  });
  if (!parsed.ok) throw new Error(parsed.faults.join("\n"));
  const of = (reason: Parameters<typeof findRoute>[1]) => findRoute(parsed.policy.routes, reason);
  expect(of("GIT_TASK_OPEN")).toMatchObject({ tell: ["team"], severity: "info" });
  for (const reason of ["KILL_SWITCH_ENGAGED", "INCIDENT_OPEN"] as const)
    expect(of(reason)).toMatchObject({ tell: ["pager"], severity: undefined });
});

test.each(["FROZEN", "KILL_SWITCH", "PROMOTION_BLOCKED"] as const)(
  "%s is told to nobody before it is overdue, unless a route is for it",
  (reason) => {
    const levels = [{ at: "overdue", also: ["pager"], severity: "critical" }] as const;
    const others = { for: ["failure"], tell: ["team"] };
    const quiet = parse({ channels: [desk, team, pager], routes: [others, { ...all, levels }] });
    if (!quiet.ok) throw new Error(quiet.faults.join("\n"));
    const route = findRoute(quiet.policy.routes, reason);
    const at = (overdue: boolean, reminders: number) =>
      reached(route, { overdue, reminders, usual: "warning" });
    expect(at(false, 0)).toEqual({ channels: [], severity: "info" });
    expect(at(true, 0)).toEqual({ channels: ["desk", "pager"], severity: "critical" });
    expect(route.remindersMax).toBe(0);
    for (const name of [reason, "stopped"]) {
      const named = parse({ channels: [desk], routes: [{ for: [name], tell: ["desk"] }, all] });
      if (!named.ok) throw new Error(named.faults.join("\n"));
      expect(findRoute(named.policy.routes, reason)).toMatchObject({
        tell: ["desk"],
        remindersMax: 2,
      });
    }
  },
);

test("every fault is named at once, where it is, and no value that may be a secret", () => {
  const faults = faultsOf({
    channels: [
      { ...desk, retries: 3 },
      { ...desk, url: "https://user:hunter22@desk.example" },
      { ...team, name: "log" },
      { name: "pigeon", type: "carrier-pigeon" },
      { ...pager, lifetime: "1e3", labels: { "a-b": "x" } },
      { ...pager, name: "third", labels: { severity: "low" }, bearerTokenFile: "no-such-file" },
    ],
    routes: [
      { for: ["aproval"], tell: ["teem"] },
      { for: ["approval"], tell: [], reminders: { every: "4 hours", atMost: 0.5 } },
      { for: ["hold"], tell: ["desk"], levels: [{ at: "reminder-9" }, { at: "reminder-9" }] },
    ],
    links: { trace: "traces.example/{spanId}" },
    more: true,
  });
  const expected = [
    /^links\.trace: must be an address/,
    /^links\.trace: only \{reason\}, \{subject\} and \{traceId\} are filled in/,
    /^Unrecognized key: "more"/,
    /^channels\.0: Unrecognized key: "retries"/,
    /^channels\.1\.url: must hold no user or password/,
    /^channels\.1\.name: "desk" is taken by channels\.0/,
    /^channels\.2\.name: log is always told/,
    /^channels\.3\.type: must be webhook, slack or alertmanager/,
    /^channels\.4\.lifetime: must be 30s, 5m, 4h or 2d/,
    /^channels\.4\.labels: a label's name has/,
    /^channels\.5\.labels\.severity: Baton sets this label itself/,
    /^channels\.5\.bearerTokenFile: must name a file that is there/,
    /^routes\.0\.for: "aproval" is neither approval, hold, failure, stopped, mesh nor a reason/,
    /^routes\.0\.tell: there's no channel "teem"/,
    /^routes\.1\.reminders\.every: must be 30s/,
    /^routes\.1\.reminders\.atMost: must be a whole number/,
    /^routes\.2\.levels\.0\.at: reminder-9 is never reached, there are 2 reminders/,
    /^routes\.2\.levels\.1\.at: reminder-9 is listed twice/,
    /^routes\.2\.for: the last route must be for everything/,
  ];
  expect(expected.filter((fault) => !faults.some((one) => fault.test(one)))).toEqual([]);
  expect(faults.join()).not.toContain("hunter22");
});

test.each([
  ["a: [", "isn't YAML"],
  ["channels: []\nroutes: []\nroutes: []", "line 3, column 1: the key"],
  ["- a list", "expected object"],
  ["channels: []\nroutes: []", "channels: "],
  ["x".repeat(200_001), "at most 200000 are read"],
])("%j is no policy", (text, why) => {
  expect(faultsOf(text).join("\n").toLowerCase()).toContain(why.toLowerCase());
});

test("a route behind one for everything, or for what others took, is never reached", () => {
  expect(
    faultsOf({ channels: [desk], routes: [all, { for: ["hold"], tell: ["desk"] }, all] }),
  ).toEqual([
    expect.stringMatching(/^routes\.1: is never reached/),
    expect.stringMatching(/^routes\.2: is never reached/),
  ]);
});

test.each([
  ["http://127.0.0.1:9093", {}, []],
  ["http://localhost/x", {}, []],
  ["http://alerts:9093", {}, [expect.stringContaining("allowHttp: true")]],
  ["http://alerts:9093", { allowHttp: true }, []],
  ["ftp://alerts", {}, [expect.stringContaining("https://")]],
  ["https://alerts/#x", {}, [expect.stringContaining("#fragment")]],
])("the address %j with %j", (url, more, faults) => {
  expect(
    faultsOf({ channels: [{ ...pager, ...more, url }], routes: [{ tell: ["pager"] }] }),
  ).toEqual(faults);
});

test.each([
  ["not a secret", 0o600, "must be whsec_"],
  [newSecret(), 0o640, "must have mode 0600 or 0400, but has 0640"],
  ["", 0o600, "the file is empty"],
])("a webhook's secret that can't be used is named with what to do", (text, mode, why) => {
  folder.secret("other-secret", text, mode);
  const faults = faultsOf({ channels: [{ ...desk, secretFile: "other-secret" }], routes: [all] });
  expect(faults).toEqual([expect.stringContaining(why)]);
});
