import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { meshDirectory } from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";

import { environmentOf, type MeshChoices, PLAN, plannedOf, ROOT, yields } from "./mesh-plan.ts";

const choices: MeshChoices = {
  directory: meshDirectory("/data"),
  playbook: "/playbook.yaml",
  people: "/people.yaml",
  natsPort: 0,
  httpPort: 0,
  syncAlways: true,
  drills: false,
  sandbox: "required",
};
const known = { natsUrl: "nats://127.0.0.1:1", broker: "http://b", engine: "http://e" };

function environments(more: Partial<MeshChoices> = {}): Record<string, Record<string, string>> {
  return Object.fromEntries(
    PLAN.map((planned) => [planned.name, environmentOf(planned, { ...choices, ...more }, known)]),
  );
}

test("every service of the plan exists and comes after those whose addresses it needs", () => {
  const names: string[] = PLAN.map(({ name }) => name);
  for (const { name, entry, needs } of PLAN) {
    expect(existsSync(join(ROOT, entry))).toBe(true);
    for (const needed of needs) expect(names.indexOf(needed)).toBeLessThan(names.indexOf(name));
  }
});

test("services are told what they need and nothing of the caller's own environment", () => {
  process.env["SECRET_OF_MINE"] = "x";
  const told = environments();
  delete process.env["SECRET_OF_MINE"];
  expect(told["lane-e"]).toMatchObject({
    BATON_NATS_URL: "nats://127.0.0.1:1",
    BATON_BROKER_URL: "http://b",
    BATON_ENGINE_URL: "http://e",
    BATON_GITOPS_REPO: "/data/gitops.git",
    BATON_SYNC_ALWAYS: "1",
    BATON_EXIT_WITH_PARENT: "1",
    BATON_ADDRESS_FILE: "/data/run/lane-e.address",
    BATON_HTTP_PORT: "0",
  });
  expect(told["lane-a"]).toMatchObject({ BATON_DRILLS: "0" });
  expect(told["lane-a"]?.["BATON_NATS_SEED_FILE"]).toBe("/data/keys/lane-a.seed");
  expect(told["paper-broker"]).not.toHaveProperty("BATON_NATS_SEED_FILE");
  // Each has its own token at the broker, and nobody else has one.
  expect(
    Object.entries(told).flatMap(([name, { BATON_BROKER_TOKEN_FILE: file }]) =>
      file === undefined ? [] : [[name, file]],
    ),
  ).toEqual(
    ["paper-engine", "lane-e", "lane-f"].map((name) => [name, `/data/keys/broker-${name}.token`]),
  );
  expect(told["paper-broker"]?.["BATON_BROKER_TOKEN_LANE_F_FILE"]).toBe(
    "/data/keys/broker-lane-f.token",
  );
  expect(told["coordinator"]?.["BATON_PEOPLE"]).toBe("/people.yaml");
  expect(told["lane-d"]).not.toHaveProperty("BATON_BROKER_URL");
  for (const environment of Object.values(told)) {
    expect(environment["BATON_READ_TOKEN_FILE"]).toBe("/data/keys/reader.token");
    expect(environment).not.toHaveProperty("SECRET_OF_MINE");
  }
});

test("what a company's network, its collector and reminders need is handed on", () => {
  const given = {
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    HTTPS_PROXY: "http://proxy:1",
    no_proxy: "localhost",
    OTEL_EXPORTER_OTLP_HEADERS: "x=y",
    BATON_REMINDER_EVERY_MS: "60000",
  };
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { BATON_REMINDER_EVERY_MS: _, ...everybodys } = given;
  for (const told of Object.values(environments())) expect(told).toMatchObject(everybodys);
  expect(environments()["escalation"]).toMatchObject(given);
  expect(environments()["lane-a"]).not.toHaveProperty("BATON_REMINDER_EVERY_MS");
});

test("a first port gives each service one of its own", () => {
  const ports = Object.values(environments({ httpPort: 9000 })).map(
    (one) => one["BATON_HTTP_PORT"],
  );
  expect(ports).toEqual(PLAN.map((_, index) => String(9000 + index)));
});

test("lanes may be left out, and the others keep their ports", () => {
  const kept = plannedOf({ without: new Set(["lane-a", "lane-f"]) });
  expect(kept).toEqual(PLAN.filter(({ name }) => name !== "lane-a" && name !== "lane-f"));
  const [last] = kept
    .slice(-1)
    .map((one) => environmentOf(one, { ...choices, httpPort: 9000 }, known));
  expect(last?.["BATON_HTTP_PORT"]).toBe(String(9000 + PLAN.length - 1));
});

test("more variables win, those of one service over those of all", () => {
  const told = environments({
    env: { BATON_ACK_WAIT_MS: "4000" },
    envOf: { "lane-c": { BATON_ACK_WAIT_MS: "5000" } },
  });
  expect(told["lane-b"]?.["BATON_ACK_WAIT_MS"]).toBe("4000");
  expect(told["lane-c"]?.["BATON_ACK_WAIT_MS"]).toBe("5000");
});

test("lanes and what watches yield; who decides and what runs doesn't", () => {
  const names = PLAN.map(({ name }) => name);
  expect(names.filter((name) => !yields(name))).toEqual([
    "coordinator",
    "paper-broker",
    "paper-engine",
  ]);
});

test("where there are accounts at Alpaca, those who trade and read there are told, and nobody else", () => {
  const folder = temporaryFolder("plan");
  onTestFinished(() => folder.remove());
  onTestFinished(() => void vi.unstubAllEnvs());
  const directory = meshDirectory(folder.path);
  vi.stubEnv("BATON_ALPACA_ENDPOINT", "live");
  expect(environments({ directory })["paper-engine"]).not.toHaveProperty("BATON_BROKER");
  writeFileSync(directory.alpaca, "", { mode: 0o600 });
  const told = Object.entries(environments({ directory })).filter(
    ([, env]) => env["BATON_BROKER"] !== undefined || env["BATON_ALPACA_ENDPOINT"] !== undefined,
  );
  expect(told.map(([name]) => name)).toEqual(["paper-engine", "lane-e", "lane-f"]);
  for (const [, env] of told)
    expect(env).toMatchObject({
      BATON_BROKER: "alpaca",
      BATON_ALPACA_ACCOUNTS: directory.alpaca,
      BATON_ALPACA_ENDPOINT: "live",
    });
});
