/** Every command whose result can't be written says so and ends with 8; one whose reader has left ends quietly. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, onTestFinished, test } from "vitest";

import { BATON } from "./testing/run-baton.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-output-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const PLAYBOOK = join(import.meta.dirname, "../../../playbooks/baton.yaml");
const env = { PATH: process.env["PATH"], HOME: folder, BATON_NATS_URL: "nats://127.0.0.1:1" };

/** One of each way to print: help, version, text, table, JSON, YAML, a file of keys. */
const PRINTING = [
  ["--help"],
  ["up", "--help"],
  ["--version"],
  ["completion", "bash"],
  ["reasons"],
  ["reasons", "-o", "yaml"],
  ["reasons", "GATE_FAILED", "--json"],
  ["policy", "diff", PLAYBOOK, PLAYBOOK],
  ["nats-config", "--new-keys", join(folder, "keys")],
  ["whoami"],
  ["login"],
  ["trust"],
];

describe.runIf(process.platform === "linux")("standard output", () => {
  test.each(PRINTING)("that is full: %s %s", (...args) => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const typed = args.filter((word) => word !== undefined);
    const ran = spawnSync(process.execPath, [BATON, ...typed], {
      env,
      stdio: ["ignore", full, "pipe"],
    });
    expect(ran.stderr.toString()).toMatch(/E_UNAVAILABLE[^]*standard output[^]*no space left/i);
    expect(ran.status).toBe(8);
  });

  test.each(PRINTING)("that nobody reads: %s %s", (...args) => {
    const typed = args.filter((word) => word !== undefined);
    // The reader ends at once; node takes longer than that to start.
    const script = '{ "$@"; echo "code $?" >&2; } | :';
    const ran = spawnSync("sh", ["-c", script, "sh", process.execPath, BATON, ...typed], { env });
    expect(ran.stderr.toString()).toBe("code 0\n");
  });

  test("errors that can't be told still have their exit code", () => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const ran = spawnSync(process.execPath, [BATON, "submt"], {
      env,
      stdio: ["ignore", full, full],
    });
    expect(ran.status).toBe(2);
  });
});
