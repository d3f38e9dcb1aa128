import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { startCollector } from "./collector.test.fixture.ts";

const run = promisify(execFile);
const ARGUMENTS = ["--input-type=module-typescript", "-e"];
const OPTIONS = { cwd: join(import.meta.dirname, ".."), timeout: 20_000 };

function program(body: string, env = "{}"): string {
  return `
    import { startTelemetry } from "@baton/telemetry";
    const telemetry = await startTelemetry({ service: "sample", version: "1.2.3", env: ${env} });
    const { log } = telemetry;
    ${body}`;
}

test("a log line is JSON with level, ISO time, service, version, pid, fields and sentence", async () => {
  const { stdout } = await run(
    process.execPath,
    [
      ...ARGUMENTS,
      program(
        'log.debug("hidden"); log.warn({ candidateId: "cand-1", error: new Error("x") }, "slow");',
      ),
    ],
    OPTIONS,
  );
  const line: unknown = JSON.parse(stdout);
  expect(line).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    service: "sample",
    version: "1.2.3",
    pid: expect.any(Number),
    candidateId: "cand-1",
    error: expect.objectContaining({ type: "Error", message: "x" }),
    msg: "slow",
  });
});

test("what was logged before a SIGKILL is there to the last line", async () => {
  const child = spawn(
    process.execPath,
    [
      ...ARGUMENTS,
      program(
        'for (let i = 0; i < 1000; i++) log.info({ i }, "x"); process.kill(process.pid, "SIGKILL");',
      ),
    ],
    { ...OPTIONS, stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  expect(child.signalCode).toBe("SIGKILL");
  expect(output.trimEnd().split("\n")).toHaveLength(1000);
});

test("a reader of the log that goes away doesn't stop the service", async () => {
  const child = spawn(
    process.execPath,
    [
      ...ARGUMENTS,
      program(
        'log.info("first"); setInterval(() => log.info("more"), 1); process.stdin.on("end", () => process.exit(7)).resume();',
      ),
    ],
    { ...OPTIONS, stdio: ["pipe", "pipe", "inherit"] },
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await once(child.stdout, "data");
  child.stdout.destroy();
  await once(child.stdout, "close");
  child.stdin.end();
  const [code] = await once(child, "exit");
  expect(code).toBe(7);
});

test("the tracing SDK is loaded only if there's somewhere to send spans", async () => {
  const report = `
    import { registerHooks } from "node:module";
    const seen = [];
    registerHooks({ load: (url, context, next) => { seen.push(url); return next(url, context); } });
    const { startTelemetry } = await import("@baton/telemetry");
    const env = { BATON_LOG_LEVEL: "silent", OTEL_EXPORTER_OTLP_ENDPOINT: process.env.ENDPOINT };
    await using telemetry = await startTelemetry({ service: "sample", env });
    console.log(seen.some((url) => url.includes("/sdk-node/") || url.includes("/sdk-trace/")));`;
  const loaded = async (endpoint: Record<string, string>): Promise<string> => {
    const env = { PATH: process.env["PATH"], ...endpoint };
    return (await run(process.execPath, [...ARGUMENTS, report], { ...OPTIONS, env })).stdout.trim();
  };
  expect(await loaded({})).toBe("false");
  expect(await loaded({ ENDPOINT: "http://127.0.0.1:1" })).toBe("true");
});

test("a collector that never answers can't keep a process from ending", async () => {
  const { url, ...collector } = await startCollector({ mute: true });
  const { stdout } = await run(
    process.execPath,
    [
      ...ARGUMENTS,
      program(
        `telemetry.tracer.startSpan("stage", { parent: telemetry.newTraceparent() }).end();
         await telemetry[Symbol.asyncDispose]();
         log.info("disposed");
         process.exit(0);`,
        `{ OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(url)} }`,
      ),
    ],
    OPTIONS,
  );
  expect(stdout).toContain("disposed");
  expect(collector.received).toHaveLength(1);
});
