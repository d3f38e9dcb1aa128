import { expect, test } from "vitest";

import { renderVerification } from "./verify-pack.ts";

test("a sound pack is said to be sound, and whose signature was checked", () => {
  const commands = { signed: 3, unsigned: 0 };
  const sound = { ok: true, faults: [], manifest: undefined, commands };
  const of = (trusted: boolean, known: boolean): string =>
    renderVerification("p.tar", { ...sound, trusted }, { known });
  expect(of(true, true)).toMatch(/with the key you gave\n.*3 of 3 commands signed, by people of/);
  expect(of(false, false)).toMatch(/self-signed, by nobody you named\n.*owners you didn't name/);
  const some = { ...sound, trusted: true, commands: { signed: 1, unsigned: 2 } };
  expect(renderVerification("p.tar", some, { known: false })).toContain(
    "2 unsigned: who sent them isn't known",
  );
});

test("every fault is a line, safe to print", () => {
  const faults = [
    { code: "E_PACK_ALTERED", message: "a\u001b[2J" },
    { code: "E_PACK_MISSING", message: "b" },
  ] as const;
  const commands = { signed: 0, unsigned: 0 };
  const text = renderVerification(
    "p.tar",
    { ok: false, trusted: false, manifest: undefined, faults, commands },
    { known: false },
  );
  expect(text).toBe("E_PACK_ALTERED  a\\u001b[2J\nE_PACK_MISSING  b\n");
});
