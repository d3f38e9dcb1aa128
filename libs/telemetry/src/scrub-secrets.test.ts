import { expect, test } from "vitest";

import { createScrubber } from "./scrub-secrets.ts";

const scrub = createScrubber([]);

test.each([
  [{ password: "hunter2" }, { password: "[redacted]" }],
  [{ a: [{ b: { apiKey: 'quote " and \\ inside' } }] }, { a: [{ b: { apiKey: "[redacted]" } }] }],
  [{ headers: { Authorization: "Bearer x.y" } }, { headers: { Authorization: "[redacted]" } }],
  [
    { approval_token: 12345, nkey: null },
    { approval_token: "[redacted]", nkey: "[redacted]" },
  ],
  [{ url: "nats://me:pw@host:4222/x" }, { url: "nats://[redacted]@host:4222/x" }],
  [{ msg: "see https://tok3n@host, then wait" }, { msg: "see https://[redacted]@host, then wait" }],
])("%j has no secret after it: %j", (input, expected) => {
  expect(JSON.parse(scrub(JSON.stringify(input)))).toEqual(expected);
});

test.each([
  { tokens: 120, inputTokens: 7, seed: 42, secretary: "x" },
  { url: "http://127.0.0.1:4318/v1/traces", mail: "desk@example.org" },
  { message: "password rules changed", token_count: 3 },
])("%j has no secret and stays as it is", (input) => {
  expect(scrub(JSON.stringify(input))).toBe(JSON.stringify(input));
});

test("known values are blanked in sentences, keys and escaped form, but not very short ones", () => {
  const known = createScrubber(['s3cr"et\\value', "abc"]);
  const line = JSON.stringify({ msg: 'failed for s3cr"et\\value', note: "abc" });
  expect(JSON.parse(known(line))).toEqual({ msg: "failed for [redacted]", note: "abc" });
});
