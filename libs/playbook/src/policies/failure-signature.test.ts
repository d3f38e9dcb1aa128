import { expect, test } from "vitest";

import {
  failureSignature,
  isInfrastructure,
  isOutage,
  normaliseMessage,
} from "./failure-signature.ts";

test.each([
  ["took 1500 ms", "took 2.25 s"],
  ["row 17 of 5105 is out of order", "row 4021 of 5105 is out of order"],
  ["at 2026-03-01T09:00:00.000Z", "at 2026-11-30T23:59:59.999Z"],
  ["at 09:00", "at 23:59:59"],
  ["can't open /srv/a1/b.json: no space", "can't open /var/lib/baton/work/x: no space"],
  ["can't open ~/a.json", "can't open ./b/c.json"],
  ["can't open C:\\Users\\a.json", "can't open D:\\b\\c.json"],
  ["http://10.0.0.1:8080/v2/orders refused", "http://broker.internal/v3 refused"],
  ["artifact 3f2a9c01bd hashes wrong", "artifact 00ff17aa hashes wrong"],
  [
    "lock 9b2f7f3e-1111-4222-8333-9d0c1a2b3c4d is held",
    "lock a1b2c3d4-5555-4666-8777-000000000000 is held",
  ],
  ["cand-0a1b2c3d4e5f of run-ffeeddccbb00", "cand-a5b4c3d2e1f0 of run-001122334455"],
  ["pointer 0xdeadbeef", "pointer 0xFF"],
  ["token ab12CD34ef56GH78 expired", "token zz99YY88xx77WW66 expired"],
  ["values 1, 2, 3 are too large", "values 4, 5 are too large"],
  ["two\n  lines", "two lines"],
  ["Sharpe is 1.2e-7", "Sharpe is 3.4e+12"],
])("%j and %j are the same failure", (one, other) => {
  const of = (message: string) => failureSignature({ code: "E_X", message });
  expect(normaliseMessage(one)).toBe(normaliseMessage(other));
  expect(of(one)).toBe(of(other));
});

test.each([
  ["column close is missing", "column open is missing"],
  ["artifact gates/a.json is missing", "artifact gates/b.json is missing"],
  ["connection reset", "connection refused"],
  ["the facade decided", "the cascade decided"],
])("%j and %j are different failures", (one, other) => {
  expect(normaliseMessage(one)).not.toBe(normaliseMessage(other));
});

test("another code is another failure, and a signature is short", () => {
  const one = failureSignature({ code: "E_ONE", message: "the same" });
  expect(one).toMatch(/^E_ONE\.[0-9a-f]{12}$/);
  expect(failureSignature({ code: "E_TWO", message: "the same" })).not.toBe(one);
});

test("the longest message of the worst kind is normalised at once", () => {
  const messages = ["/", "a/", "1.", "0x", "a1_", "-", "# ", "http://", "aaaaaaaaaaaaaaa1"].map(
    (part) => part.repeat(1000).slice(0, 1000),
  );
  for (const message of messages)
    expect(normaliseMessage(message).length).toBeLessThanOrEqual(1000);
});

test.each([
  ["transient", "E_UNAVAILABLE", true],
  ["transient", "E_DATA_UNAVAILABLE", true],
  ["transient", "E_ARTIFACT_MISSING", true],
  ["transient", "E_STALLED", true],
  ["transient", "E_NOT_VERIFIED", true],
  ["transient", "E_GIT_LOCKED", true],
  ["transient", "E_MAIN_RESET", true],
  ["transient", "E_ENGINE_STOPPED", true],
  ["transient", "E_GIT_DENIED", true],
  ["transient", "E_GIT_OWNERSHIP", true],
  ["transient", "E_PROGRAM_KILLED", true],
  ["transient", "E_UNEXPECTED", false],
  ["transient", "E_INPUT_MISSING", false],
  ["deterministic", "E_DATA_UNAVAILABLE", false],
  ["policy", "E_LOCKED", false],
] as const)("a %s failure %s is about the infrastructure: %s", (kind, code, expected) => {
  expect(isInfrastructure({ class: kind, code })).toBe(expected);
});

test.each([
  ["transient", "E_UNAVAILABLE", true],
  ["transient", "E_GIT_UNAVAILABLE", true],
  ["transient", "E_GIT_TIMEOUT", true],
  ["transient", "E_GIT_LOCKED", true],
  ["transient", "E_MAIN_RESET", true],
  ["transient", "E_ENGINE_STOPPED", true],
  ["transient", "E_GIT_DENIED", true],
  ["transient", "E_GIT_OWNERSHIP", true],
  ["transient", "E_GIT_REDIRECTED", true],
  ["transient", "E_BROKER_UNAVAILABLE", true],
  ["transient", "E_ENGINE_UNAVAILABLE", true],
  ["transient", "E_SANDBOX_UNAVAILABLE", true],
  // About one candidate, or somebody was faster.
  ["transient", "E_DATA_UNAVAILABLE", false],
  ["transient", "E_GIT_MOVED", false],
  ["transient", "E_STALLED", false],
  ["transient", "E_UNEXPECTED", false],
  ["deterministic", "E_GIT_UNAVAILABLE", false],
  ["policy", "E_UNAVAILABLE", false],
] as const)(
  "a %s failure %s says that a service is away for everybody: %s",
  (kind, code, expected) => {
    expect(isOutage({ class: kind, code })).toBe(expected);
    expect(!expected || isInfrastructure({ class: kind, code })).toBe(true);
  },
);
