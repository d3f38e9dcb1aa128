import { randomBytes } from "node:crypto";

import { expect, test } from "vitest";

import {
  formatTraceparent,
  isSampled,
  newTraceContext,
  parseTraceparent,
} from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("a traceparent is read and written back unchanged", () => {
  const text = `00-${TRACE}-${SPAN}-01`;
  const context = parseTraceparent(text);
  expect(context).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
  expect(context && formatTraceparent(context)).toBe(text);
});

test("a later version with more fields is read as far as it's known", () => {
  expect(parseTraceparent(`cc-${TRACE}-${SPAN}-00-what-comes`)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    sampled: false,
  });
});

test.each([
  ["nothing", undefined],
  ["an empty string", ""],
  ["version ff", `ff-${TRACE}-${SPAN}-01`],
  ["version 00 with more fields", `00-${TRACE}-${SPAN}-01-more`],
  ["a later version with a tail that isn't a field", `cc-${TRACE}-${SPAN}-01.`],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["a span id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["upper case", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ["a short trace id", `00-${TRACE.slice(1)}-${SPAN}-01`],
  ["flags that aren't hex", `00-${TRACE}-${SPAN}-0x`],
  ["a line break at the end", `00-${TRACE}-${SPAN}-01\n`],
  ["endless further fields", `cc-${TRACE}-${SPAN}-01-${"x".repeat(600)}`],
])("%s is no traceparent", (_, text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test("the quick look at the sampled flag agrees with the parser for all 256 flags", () => {
  for (let flags = 0; flags < 256; flags += 1) {
    const text = `00-${TRACE}-${SPAN}-${flags.toString(16).padStart(2, "0")}`;
    expect([text, isSampled(text)]).toEqual([text, parseTraceparent(text)?.sampled]);
  }
  expect(isSampled(undefined)).toBe(false);
  expect(isSampled("01")).toBe(false);
});

test("a new context has ids of the right length from the given source, never all zeros", () => {
  const draws = [new Uint8Array(16), randomBytes(16), new Uint8Array(8), randomBytes(8)];
  const context = newTraceContext({ sampled: true, random: () => draws.shift() ?? randomBytes(1) });
  expect(draws).toEqual([]);
  expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
});
