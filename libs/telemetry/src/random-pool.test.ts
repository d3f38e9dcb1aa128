import { expect, test } from "vitest";

import { pooledRandom } from "./random-pool.ts";

test("bytes are handed out once only, in the length asked for, across refills", () => {
  const ids = Array.from({ length: 5000 }, (_, draw) => pooledRandom(draw % 2 === 0 ? 16 : 8));
  expect(ids.every(({ length }, draw) => length === (draw % 2 === 0 ? 16 : 8))).toBe(true);
  expect(new Set(ids.map((id) => Buffer.from(id).toString("hex"))).size).toBe(5000);
});

test("what was handed out isn't changed by later draws", () => {
  const id = pooledRandom(16);
  const before = Buffer.from(id).toString("hex");
  for (let draw = 0; draw < 1000; draw += 1) pooledRandom(16);
  expect(Buffer.from(id).toString("hex")).toBe(before);
});

test("more than the pool holds is refused", () => {
  expect(() => pooledRandom(4097)).toThrow("4097 bytes");
});
