import { expect, test } from "vitest";

import { boundLine } from "./bound-line.ts";

const of = { level: "error", time: "2026-01-01T00:00:00.000Z", service: "lane-a", pid: 1 };

test("a line of ordinary length stays as it is, but for what is unprintable", () => {
  const line = `${JSON.stringify({ ...of, msg: "a\u001b\n€😀" })}\n`;
  expect(boundLine(line)).toBe(line);
  const turned = `${JSON.stringify({ ...of, msg: "a\u202eb\u009b" })}\n`;
  expect(boundLine(turned)).toBe(turned.replace("\u202e", "\\u202e").replace("\u009b", "\\u009b"));
});

test("an error text of 439 KB becomes a line that says what it was about, and how long it was", () => {
  const message = `no such plugin: ${"\u202ex".repeat(220_000)}`;
  const line = `${JSON.stringify({ ...of, err: { type: "Error", message, stack: message }, list: Array.from({ length: 500 }, (_, index) => String(index)), msg: "failed" })}\n`;
  const bounded = boundLine(line);
  expect(bounded.length).toBeLessThan(33_000);
  expect(bounded).not.toMatch(/\p{Cf}/u);
  expect(JSON.parse(bounded)).toEqual({
    ...of,
    err: {
      type: "Error",
      message: `${message.slice(0, 2000)}…`,
      stack: `${message.slice(0, 2000)}…`,
    },
    list: [...Array.from({ length: 20 }, (_, index) => String(index)), "…"],
    msg: "failed",
    cutFrom: line.length,
  });
});

test("of a line with very many fields its message is left", () => {
  const fields = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`field${index}`, "x".repeat(20)]),
  );
  const line = `${JSON.stringify({ ...of, ...fields, msg: "failed" })}\n`;
  expect(JSON.parse(boundLine(line))).toEqual({ ...of, msg: "failed", cutFrom: line.length });
});
