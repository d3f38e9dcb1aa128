import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";
import { z } from "zod";

import { readConfig } from "./read-config.ts";
import { ServiceConfig } from "./service-config.ts";
import { temporaryDirectory } from "./temporary-directory.test.fixture.ts";
import { flagText, integerText, numberText, secretText } from "./variables.ts";

const Config = ServiceConfig.extend({
  BATON_BROKER_URL: z.url().meta({ example: "http://127.0.0.1:9000" }),
  BATON_BROKER_KEY: secretText().optional(),
});
/** Node has no call for it. */
const MAKE_FIFO = "mkfifo";
const COMPLETE = { BATON_BROKER_URL: "http://broker" };

function fileWithMode(mode: number, content = "s3cret-key\n"): string {
  const path = join(temporaryDirectory(), "key");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test("defaults are those of the documentation, and an empty variable counts as unset", () => {
  const read = readConfig(Config, { ...COMPLETE, BATON_HTTP_PORT: "", BATON_LOG_LEVEL: "" });
  expect(read).toMatchObject({
    ok: true,
    config: {
      BATON_NATS_URL: "nats://127.0.0.1:4222",
      BATON_HTTP_HOST: "127.0.0.1",
      BATON_HTTP_PORT: 0,
      BATON_LOG_LEVEL: "info",
      BATON_SHUTDOWN_GRACE_MS: 25_000,
      BATON_EXIT_WITH_PARENT: false,
      BATON_TRACES_PER_SECOND: 10,
    },
    secrets: [],
  });
});

test("a missing variable is required by name, with an example", () => {
  expect(readConfig(Config, {})).toEqual({
    ok: false,
    faults: [
      {
        variable: "BATON_BROKER_URL",
        value: undefined,
        rule: "is required",
        action: "set it to something like http://127.0.0.1:9000",
      },
    ],
  });
});

test.each([0o600, 0o400])("a secret file of mode %o is read, without its last newline", (mode) => {
  const read = readConfig(Config, { ...COMPLETE, BATON_BROKER_KEY_FILE: fileWithMode(mode) });
  expect(read).toMatchObject({
    ok: true,
    config: { BATON_BROKER_KEY: "s3cret-key" },
    secrets: ["s3cret-key"],
  });
});

test.each([0o644, 0o640, 0o604, 0o660, 0o700])("a secret file of mode %o is refused", (mode) => {
  const read = readConfig(Config, { ...COMPLETE, BATON_BROKER_KEY_FILE: fileWithMode(mode) });
  expect(read).toMatchObject({
    ok: false,
    faults: [
      {
        variable: "BATON_BROKER_KEY_FILE",
        rule: `must have mode 0600 or 0400, but has 0${mode.toString(8)}`,
      },
    ],
  });
});

test("a link to a secret file is followed, and the file's own mode counts", () => {
  const path = fileWithMode(0o600);
  symlinkSync(path, `${path}-link`);
  const read = readConfig(Config, { ...COMPLETE, BATON_BROKER_KEY_FILE: `${path}-link` });
  expect(read).toMatchObject({ ok: true, secrets: ["s3cret-key"] });
});

test("a secret file that's missing, a directory or a FIFO is refused without waiting", () => {
  const path = fileWithMode(0o600);
  execFileSync(MAKE_FIFO, ["-m", "600", `${path}-fifo`]);
  for (const bad of [`${path}-missing`, join(path, ".."), `${path}-fifo`]) {
    const read = readConfig(Config, { ...COMPLETE, BATON_BROKER_KEY_FILE: bad });
    expect(read).toMatchObject({ ok: false, faults: [{ variable: "BATON_BROKER_KEY_FILE" }] });
  }
});

test.each([
  ["nats://10.0.0.7:4222, nats://b", ""],
  ["tls://nats.test:4222,tls://b", ""],
  ["tls://10.0.0.7:4222", "a host name after tls"],
  ["tls://nats.test,tls://[::1]", "a host name after tls"],
  ["wss://nats.test", "beginning with nats"],
  ["nats.test:4222", "beginning with nats"],
])("the servers %j give the fault %j", (text, rule) => {
  const read = readConfig(ServiceConfig, { BATON_NATS_URL: text });
  expect(read.ok ? "" : read.faults.map((fault) => fault.rule).join()).toMatch(rule);
  expect(read.ok).toBe(rule === "");
});

test("a secret given twice is refused, as nobody could tell which one counts", () => {
  const env = { ...COMPLETE, BATON_BROKER_KEY: "a", BATON_BROKER_KEY_FILE: fileWithMode(0o600) };
  expect(readConfig(Config, env)).toMatchObject({
    ok: false,
    faults: [{ rule: "must not be set together with BATON_BROKER_KEY" }],
  });
});

test("a file is accepted for secrets only", () => {
  const env = { BATON_BROKER_URL_FILE: fileWithMode(0o600, "http://broker") };
  expect(readConfig(Config, env)).toMatchObject({
    ok: false,
    faults: [{ variable: "BATON_BROKER_URL" }],
  });
});

test("a wrong secret isn't shown", () => {
  const read = readConfig(Config, { ...COMPLETE, BATON_NATS_SEED: "SUwrong" });
  expect(JSON.stringify(read)).not.toContain("SUwrong");
  expect(read).toMatchObject({ ok: false, faults: [{ value: "(a secret, not shown)" }] });
});

test("characters that would command a terminal are escaped", () => {
  const read = readConfig(Config, { ...COMPLETE, BATON_HTTP_HOST: "\u009b2J\u202eevil\u0007" });
  expect(read).toMatchObject({
    ok: false,
    faults: [{ value: String.raw`"\u009b2J\u202eevil\u0007"` }],
  });
});

test.each(["1e3", "0x10", " 7", "7.0", "", "+7", "65536", "-1", "99999999999999999999"])(
  "a port of %j is no whole number in plain digits",
  (text) => {
    expect(integerText({ min: 0, max: 65_535 }).safeParse(text).success).toBe(false);
  },
);

test.each(["1e3", ".5", "5.", "NaN", "Infinity", "-0.5", "0,5"])(
  "a rate of %j is no number",
  (text) => {
    expect(numberText({ min: 0, max: 10 }).safeParse(text).success).toBe(false);
  },
);

test("numbers and flags become values", () => {
  expect(integerText({ min: 0, max: 65_535 }).parse("8080")).toBe(8080);
  expect(numberText({ min: 0, max: 10 }).parse("0.5")).toBe(0.5);
  expect(flagText().parse("1")).toBe(true);
  expect(flagText().parse("false")).toBe(false);
});
