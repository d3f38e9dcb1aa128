import { expect, test } from "vitest";

import { renderVerification } from "./verify-pack.ts";

test("a sound pack is said to be sound, and whose signature was checked", () => {
  const sound = { ok: true, faults: [], manifest: undefined };
  expect(renderVerification("p.tar", { ...sound, trusted: true })).toContain(
    "with the key you gave",
  );
  expect(renderVerification("p.tar", { ...sound, trusted: false })).toContain("--key checks whose");
});

test("every fault is a line, safe to print", () => {
  const faults = [
    { code: "E_PACK_ALTERED", message: "a\u001b[2J" },
    { code: "E_PACK_MISSING", message: "b" },
  ] as const;
  const text = renderVerification("p.tar", {
    ok: false,
    trusted: false,
    manifest: undefined,
    faults,
  });
  expect(text).toBe("E_PACK_ALTERED  a\\u001b[2J\nE_PACK_MISSING  b\n");
});
