/** The real UI of npm, from the project's cache or installed into it. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { findProgram } from "./find-program.ts";
import { startTracingUi, traceLink } from "./start-tracing-ui.ts";

const WITHIN_MS = 300_000;
const log = (): void => undefined;

function folder(): string {
  const made = temporaryFolder("tracing-ui");
  onTestFinished(() => made.remove());
  return made.path;
}

test(
  "two run side by side, each at the address that it says, and take spans; they end when they're told to",
  async () => {
    const signal = AbortSignal.timeout(WITHIN_MS);
    const env = { PATH: "" };
    const one = await startTracingUi({ folder: folder(), signal, log, env });
    const two = await startTracingUi({ folder: folder(), signal, log, env });
    onTestFinished(() => Promise.all([one.stop(), two.stop()]).then(() => undefined));
    expect(one.endpoint).not.toBe(two.endpoint);
    const page = await fetch(one.page);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(traceLink(one.link, "ab")).toBe(`${one.endpoint}/#trace=ab`);
    await one.stop();
    await expect(fetch(one.page)).rejects.toThrow("fetch failed");
    expect((await fetch(two.page)).ok).toBe(true);
  },
  WITHIN_MS,
);

test("a Jaeger that a variable names goes before one on PATH, and that before npm's", async () => {
  const place = folder();
  const jaeger = join(place, "jaeger");
  writeFileSync(jaeger, "#!/bin/sh\n");
  chmodSync(jaeger, 0o755);
  const signal = AbortSignal.timeout(WITHIN_MS);
  const found = await findProgram({ env: { PATH: place }, signal, log });
  expect(found).toMatchObject({ name: "jaeger", file: jaeger });
  const ports = { otlp: 1, grpc: 2, page: 3 };
  expect(found.args(ports, "")).toContain("receivers.otlp.protocols.http.endpoint=127.0.0.1:1");
  expect(`${found.page(ports)}${found.trace}`).toBe("http://127.0.0.1:3/trace/{traceId}");
  const wrong = { env: { PATH: place, JAEGER: join(place, "none") }, signal, log };
  await expect(findProgram(wrong)).rejects.toThrow("JAEGER isn't a program");
});
