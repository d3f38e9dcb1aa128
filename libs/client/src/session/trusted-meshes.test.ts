/** The file with the meshes that a user trusts. */
import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { UserError } from "@baton/text/user-error";
import { createUser } from "@nats-io/nkeys";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";

import { parseMesh, type TrustedMesh, trustedMeshes, trustMesh } from "./trusted-meshes.ts";

const [KEY, NEW_KEY] = [createUser().getPublicKey(), createUser().getPublicKey()];
const NAME = `mesh-${"0".repeat(32)}`;
const OTHER = `mesh-${"1".repeat(32)}`;
const KNOWN: TrustedMesh = { name: NAME, receiptKeys: [KEY] };

const folder = temporaryFolder("meshes");
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);

function refusalOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof UserError ? error.details : error;
  }
}

describe("the meshes that are known", () => {
  const file = (): string => at("meshes");
  const env = (): Record<string, string> => ({ BATON_MESHES_FILE: file() });
  const NONE = { up: undefined, source: "default" } as const;
  beforeEach(() => writeFileSync(file(), `# mine\n${OTHER}\n`, { mode: 0o600 }));
  afterEach(() => rmSync(file(), { force: true }));

  test("are those of the file and of one's own `baton up`; BATON_MESH leaves only one", () => {
    const other = { name: OTHER, receiptKeys: [] };
    const own = { up: { mesh: KNOWN } };
    expect(trustedMeshes(env(), { ...own, source: ".baton/up.json" })).toEqual([KNOWN, other]);
    const line = `${NAME} ${KEY} ${NEW_KEY}`;
    expect(trustedMeshes({ ...env(), BATON_MESH: line }, NONE)).toEqual([
      { name: NAME, receiptKeys: [KEY, NEW_KEY] },
    ]);
    expect(trustedMeshes({ BATON_MESHES_FILE: at("none") }, NONE)).toEqual([]);
  });

  test("are only the one whose data folder is named, whatever the environment says", () => {
    const named = { up: { mesh: KNOWN }, source: "--data" } as const;
    expect(trustedMeshes({ ...env(), BATON_MESH: OTHER }, named)).toEqual([KNOWN]);
  });

  test("are kept, one that is known already with its new keys", () => {
    trustMesh(file(), KNOWN);
    trustMesh(file(), { name: NAME, receiptKeys: [NEW_KEY] });
    expect(readFileSync(file(), "utf8")).toBe(`# mine\n${OTHER}\n${NAME} ${NEW_KEY}\n`);
  });

  test.each([0o622, 0o644])("aren't read from a file that isn't closed to others: %o", (mode) => {
    chmodSync(file(), mode);
    const refused = refusalOf(() => trustedMeshes(env(), NONE));
    expect(refused).toMatchObject({
      message: "the file with the meshes that you trust can't be used",
      rule: `must have mode 0600 or 0400, but has 0${mode.toString(8)}`,
    });
    expect(refusalOf(() => trustMesh(file(), KNOWN))).toEqual(refused);
  });

  test.each(["# export TOKEN=x\n", "\n# notes\n\n# more\n", "TOKEN=x\n"])(
    "aren't kept in a file of something else, which stays as it is: %j",
    (text) => {
      writeFileSync(file(), text, { mode: 0o600 });
      expect(refusalOf(() => trustMesh(file(), KNOWN))).toMatchObject({
        code: "E_INVALID",
        exit: 3,
      });
      expect(readFileSync(file(), "utf8")).toBe(text);
    },
  );

  test("are kept where a link leads, and in an empty file", () => {
    const target = at("linked");
    writeFileSync(target, "", { mode: 0o600 });
    rmSync(file());
    symlinkSync(target, file());
    trustMesh(file(), KNOWN);
    expect(readFileSync(target, "utf8")).toBe(`${NAME} ${KEY}\n`);
    expect(trustedMeshes(env(), NONE)).toEqual([KNOWN]);
    rmSync(file());
  });

  test.each(["mesh", `${OTHER} x`, `${OTHER} ${"U".repeat(10)}`, OTHER.toUpperCase()])(
    "%j names none",
    (line) => expect(() => parseMesh(line, "the file")).toThrow("doesn't name a mesh"),
  );
});
