import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { writeWhole } from "./write-whole.ts";

function folder(): string {
  const made = temporaryFolder("whole");
  onTestFinished(() => made.remove());
  return made.path;
}

test("a name that is taken is left alone, or replaced whole, also through a link; nothing else stays", async () => {
  const dir = folder();
  const [file, linked] = [join(dir, "a"), join(dir, "b")];
  await writeWhole(file, Buffer.from("one"), { replace: false });
  symlinkSync("a", linked);
  await expect(writeWhole(file, Buffer.from("two"), { replace: false })).rejects.toMatchObject({
    code: "EEXIST",
  });
  expect(readFileSync(file, "utf8")).toBe("one");
  await writeWhole(linked, Buffer.from("three"), { replace: true });
  expect(readFileSync(file, "utf8")).toBe("three");
  await writeWhole("/dev/null", Buffer.from("gone"), { replace: true });
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  expect(readdirSync(dir).toSorted()).toEqual(["a", "b"]);
});

test.each([true, false])(
  "a disk that ends in the middle leaves no cut file (replace: %s)",
  (replace) => {
    const dir = folder();
    const file = join(dir, "pack.tar");
    if (replace) writeFileSync(file, "before");
    const module = JSON.stringify(join(import.meta.dirname, "write-whole.ts"));
    const script = `
    const { writeWhole } = await import(${module});
    await writeWhole(${JSON.stringify(file)}, Buffer.alloc(1_000_000), { replace: ${replace} });`;
    // No file may become larger than a few blocks: the system refuses the rest.
    const command = `trap '' XFSZ; ulimit -f 64; exec "$0" --input-type=module-typescript -e "$1"`;
    const { status, stderr } = spawnSync("sh", ["-c", command, process.execPath, script]);
    expect(status).toBe(1);
    expect(stderr.toString()).toContain("EFBIG");
    expect(readdirSync(dir)).toEqual(replace ? ["pack.tar"] : []);
    expect(replace ? readFileSync(file, "utf8") : "").toBe(replace ? "before" : "");
  },
);
