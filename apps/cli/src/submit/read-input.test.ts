import { chmodSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { UserError } from "@baton/text/user-error";
import { afterAll, expect, test } from "vitest";

import { makePipe } from "../testing/make-pipe.ts";
import { folderOf, readInput } from "./read-input.ts";

const folder = temporaryFolder("read-input");
const at = (name: string): string => join(folder.path, name);
const limits = { maxBytes: 1000, limit: "1000 bytes", silentMs: 150 };

afterAll(() => folder.remove());

async function refusal(path: string): Promise<UserError["details"]> {
  const error: unknown = await readInput(path, limits).catch((thrown: unknown) => thrown);
  if (error instanceof UserError) return error.details;
  throw new Error(`not refused: ${path}`);
}

test("a file's bytes", async () => {
  writeFileSync(at("plain"), "hello");
  await expect(readInput(at("plain"), limits)).resolves.toEqual(Buffer.from("hello"));
  writeFileSync(at("empty"), "");
  await expect(readInput(at("empty"), limits)).resolves.toHaveLength(0);
});

test("a missing file, a directory, a loop of links and no name at all are refused in words", async () => {
  mkdirSync(at("dir"));
  symlinkSync(at("loop"), at("loop"));
  await expect(refusal(at("missing"))).resolves.toMatchObject({
    exit: 3,
    message: "the file can't be read: there is no such file (ENOENT)",
  });
  expect((await refusal(at("dir"))).message).toContain("it is a directory");
  expect((await refusal(at("loop"))).message).toContain("round in a circle");
  expect((await refusal("")).message).toContain("its name is empty");
  expect((await refusal("a\0b")).message).toContain("NUL");
});

test.skipIf(process.getuid?.() === 0)("a file of somebody else is refused in words", async () => {
  writeFileSync(at("secret"), "x");
  chmodSync(at("secret"), 0);
  expect((await refusal(at("secret"))).message).toContain("you may not read it (EACCES)");
});

test("more than the limit is refused, from a file and from a device without an end", async () => {
  writeFileSync(at("large"), "x".repeat(1001));
  expect(await refusal(at("large"))).toMatchObject({ code: "E_LIMIT", exit: 7 });
  expect(await refusal("/dev/zero")).toMatchObject({ code: "E_LIMIT", exit: 7 });
});

test("a pipe that nobody writes to is given up", async () => {
  expect((await refusal(makePipe(at("silent")))).message).toContain("nothing was written to it");
});

test("a pipe is read to its end, however slowly it is written", async () => {
  makePipe(at("slow"));
  const reading = readInput(at("slow"), { ...limits, silentMs: 5000 });
  const writer = await open(at("slow"), "w");
  await writer.write("one ");
  await writer.write("two");
  await writer.close();
  expect(Buffer.from(await reading).toString()).toBe("one two");
});

test("what is sent to others is really in the folder that was named: links within it are followed, those out of it refused", async () => {
  const specs = at("specs");
  mkdirSync(join(specs, "..data"), { recursive: true });
  writeFileSync(join(specs, "..data/spec.yaml"), "mine");
  writeFileSync(at("private"), "secret");
  symlinkSync("..data/spec.yaml", join(specs, "mounted.yaml"));
  symlinkSync(at("private"), join(specs, "out.yaml"));
  symlinkSync(specs, at("way"));
  const read = (path: string) => readInput(path, { ...limits, within: folderOf(path) });
  for (const path of [join(specs, "mounted.yaml"), at("way/mounted.yaml")])
    await expect(read(path)).resolves.toEqual(Buffer.from("mine"));
  for (const path of [join(specs, "out.yaml"), at("way/out.yaml")])
    await expect(read(path)).rejects.toMatchObject({
      details: { exit: 3, message: "the file is a link that leads out of its folder", value: path },
    });
  expect(["-", "/dev/stdin", "/dev/fd/63", "/proc/self/fd/3"].map(folderOf)).toEqual(
    Array(4).fill(undefined),
  );
});

test("a folder that becomes a link while a file in it is being opened never gives what the link leads to", async () => {
  const inside = at("raced");
  const data = join(inside, "data");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "x.csv"), "mine");
  mkdirSync(at("elsewhere"));
  writeFileSync(at("elsewhere/x.csv"), "secret");
  let over = false;
  let linked = false;
  const swap = (): void => {
    if (over) return;
    setImmediate(swap);
    // Seldom enough that most readings see no change at all.
    if (Math.random() > 0.1) return;
    if (linked) unlinkSync(data);
    renameSync(...(linked ? ([at("real"), data] as const) : ([data, at("real")] as const)));
    if (!linked) symlinkSync(at("elsewhere"), data);
    linked = !linked;
  };
  swap();
  const seen = new Set<string>();
  for (let tries = 0; tries < 500; tries += 1) {
    const read = readInput(join(data, "x.csv"), { ...limits, within: inside });
    seen.add(await read.then(String, () => "refused"));
  }
  over = true;
  // Whether one was refused is chance; that one was read is not, as nothing moves most of the time.
  seen.delete("refused");
  expect(seen).toEqual(new Set(["mine"]));
});
