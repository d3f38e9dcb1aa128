import { expect, test } from "vitest";

import { createReadiness } from "./readiness.ts";

test("a check may say for programs what it is, to everybody, and says it only while it fails", () => {
  const readiness = createReadiness();
  let isThere = false;
  readiness.register("server", () =>
    isThere ? { ok: true } : { ok: false, reason: "none to nats://x", code: "E_UNAVAILABLE" },
  );
  const fails = { name: "server", ok: false, reason: "none to nats://x", code: "E_UNAVAILABLE" };
  expect(readiness.report().checks).toEqual([fails]);
  expect(readiness.openReport().checks).toEqual([fails]);
  isThere = true;
  expect(readiness.report().checks).toEqual([{ name: "server", ok: true, reason: null }]);
});
