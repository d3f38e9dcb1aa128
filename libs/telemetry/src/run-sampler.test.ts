import { expect, test } from "vitest";

import { createRunSampler } from "./run-sampler.ts";

function clock(): { now: () => number; advance: (ms: number) => void } {
  let ms = 1000;
  return {
    now: () => ms,
    advance: (by) => {
      ms += by;
    },
  };
}

test("at ordinary rates every trace is sampled", () => {
  const { now, advance } = clock();
  const sampler = createRunSampler({ now });
  for (let run = 0; run < 1000; run += 1) {
    expect(sampler.sample()).toBe(true);
    advance(100);
  }
});

test("in a flood of 100,000 traces in ten seconds ten per second are, after the first ten", () => {
  const { now, advance } = clock();
  const sampler = createRunSampler({ perSecond: 10, now });
  let sampled = 0;
  for (let run = 0; run < 100_000; run += 1) {
    if (sampler.sample()) sampled += 1;
    advance(0.1);
  }
  expect(sampled).toBeGreaterThanOrEqual(109);
  expect(sampled).toBeLessThanOrEqual(110);
});

test("a long quiet time saves up one second's worth and no more", () => {
  const { now, advance } = clock();
  const sampler = createRunSampler({ perSecond: 3, now });
  advance(3_600_000);
  expect(Array.from({ length: 5 }, () => sampler.sample())).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("a rate below one per second samples one now and then", () => {
  const { now, advance } = clock();
  const sampler = createRunSampler({ perSecond: 0.5, now });
  expect([sampler.sample(), sampler.sample()]).toEqual([true, false]);
  advance(1999);
  expect(sampler.sample()).toBe(false);
  advance(1);
  expect(sampler.sample()).toBe(true);
});

test("zero turns it off", () => {
  const { now, advance } = clock();
  const sampler = createRunSampler({ perSecond: 0, now });
  advance(1e9);
  expect(sampler.sample()).toBe(false);
});

test("a clock that steps back neither samples more nor stops sampling", () => {
  const { now, advance } = clock();
  const sampler = createRunSampler({ perSecond: 1, now });
  expect(sampler.sample()).toBe(true);
  advance(-500);
  expect(sampler.sample()).toBe(false);
  advance(1000);
  expect(sampler.sample()).toBe(true);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("a rate of %d is refused", (perSecond) => {
  expect(() => createRunSampler({ perSecond, now: () => 0 })).toThrow("finite rate");
});
