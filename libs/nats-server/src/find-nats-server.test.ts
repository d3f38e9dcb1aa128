import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { findNatsServer, type FoundNatsServer } from "./find-nats-server.ts";
import { archiveName } from "./github-release.ts";

let folder: string;
let cacheDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "baton-find-"));
  cacheDir = join(folder, "cache");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers `--version` as a nats-server does; nothing more of it is asked here. */
function program(version: string, path = join(folder, "bin", version, "nats-server")): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** No apt on this PATH, and releases only from where the test says. */
function find(env: Record<string, string>, log?: (line: string) => void): Promise<FoundNatsServer> {
  return findNatsServer({
    signal: AbortSignal.timeout(20_000),
    cacheDir,
    env: { PATH: join(folder, "empty"), BATON_NATS_RELEASES: "http://127.0.0.1:1", ...env },
    ...(log !== undefined && { log }),
  });
}

test("NATS_SERVER is taken before anything else", async () => {
  const path = program("2.14.2");
  const PATH = dirname(program("2.15.1"));
  expect(await find({ NATS_SERVER: path, PATH })).toEqual({
    path,
    version: "2.14.2",
    source: "NATS_SERVER",
  });
});

test("a NATS_SERVER that can't be used is an error, not a hint", async () => {
  const PATH = dirname(program("2.15.1"));
  const missing = find({ NATS_SERVER: join(folder, "gone"), PATH });
  await expect(missing).rejects.toMatchObject({
    code: "E_UNAVAILABLE",
    message: expect.stringMatching(/NATS_SERVER=.*gone.*there is no program/),
  });
  const other = find({ NATS_SERVER: process.execPath, PATH });
  await expect(other).rejects.toThrow("it isn't a nats-server");
});

test("one on PATH that's too old is passed over for a newer one", async () => {
  const old = program("2.9.10");
  const good = program("2.14.0");
  const found = await find({ PATH: `${dirname(old)}:${dirname(good)}` });
  expect(found).toEqual({ path: good, version: "2.14.0", source: "PATH" });
});

test("the cache's newest entry that runs is taken", async () => {
  const platform = `${process.platform}-${process.arch}`;
  const good = program("2.14.1", join(cacheDir, `2.14.1-${platform}`, "nats-server"));
  program("2.9.10", join(cacheDir, `2.9.10-${platform}`, "nats-server"));
  writeFileSync(program("2.16.0", join(cacheDir, `2.16.0-${platform}`, "nats-server")), "broken");
  expect(await find({})).toEqual({ path: good, version: "2.14.1", source: "cache" });
});

test("when nothing helps, every attempt is named with its reason", async () => {
  const old = program("2.9.10");
  const failure = await find({ PATH: dirname(old) }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "E_UNAVAILABLE",
    action: expect.stringContaining("NATS_SERVER"),
  });
  const message = failure instanceof Error ? failure.message : "";
  expect(message).toContain("2.9.10 is older than 2.14.0");
  expect(message).toContain(`cache ${cacheDir}`);
  expect(message).toMatch(/release: http:\/\/127\.0\.0\.1:1\/.*/);
  expect(message).toContain("debian: there is no program dpkg");
});

/** Serves one release the way it's published: an archive and SHA256SUMS. */
class Releases {
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #files = new Map<string, Buffer>();
  /** Takes requests and never answers. */
  silent = false;

  constructor(version: string) {
    const name = archiveName();
    program(version, join(folder, "release", name, "nats-server"));
    const archive = join(folder, `${name}.tar.gz`);
    execFileSync("tar", ["-czf", archive, name], { cwd: join(folder, "release") });
    const bytes = readFileSync(archive);
    const digest = createHash("sha256").update(bytes).digest("hex");
    this.serve(`${name}.tar.gz`, bytes);
    this.serve(
      "SHA256SUMS",
      Buffer.from(`${"0".repeat(64)}  other.zip\n${digest}  ${name}.tar.gz\n`),
    );
    this.#server = createServer((request, response) => {
      const file = request.url?.split("/").at(-1) ?? "";
      this.requests.push(file);
      const found = this.#files.get(file);
      if (!this.silent) response.writeHead(found === undefined ? 404 : 200).end(found);
    });
  }

  serve(file: string, bytes: Buffer): void {
    this.#files.set(file, bytes);
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("it doesn't listen");
    return `http://127.0.0.1:${address.port}/download`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

test("the release is downloaded, checked and cached; the next call finds it there", async () => {
  await using releases = new Releases("2.15.1");
  const env = { BATON_NATS_RELEASES: await releases.listen() };
  const said: string[] = [];
  const fetched = await find(env, (line) => said.push(line));
  expect(fetched).toMatchObject({ version: "2.15.1", source: "release" });
  expect(said.join("\n")).toMatch(/looking for[^]*downloading[^]*is at/);
  expect(await find(env)).toEqual({ ...fetched, source: "cache" });
  expect(releases.requests).toEqual(["SHA256SUMS", `${archiveName()}.tar.gz`]);
  expect(readdirSync(cacheDir).filter((name) => name.startsWith("work-"))).toEqual([]);
});

test("an archive that isn't the one in SHA256SUMS is neither unpacked nor kept", async () => {
  await using releases = new Releases("2.15.1");
  releases.serve(`${archiveName()}.tar.gz`, Buffer.from("something else"));
  const failing = find({ BATON_NATS_RELEASES: await releases.listen() });
  await expect(failing).rejects.toThrow(/has SHA-256 [0-9a-f]{64}, but SHA256SUMS says/);
  expect(readdirSync(cacheDir)).toEqual(["claims"]);
});

test("a release server that doesn't answer is given up within seconds", async () => {
  await using releases = new Releases("2.15.1");
  releases.silent = true;
  const failing = find({ BATON_NATS_RELEASES: await releases.listen() });
  await expect(failing).rejects.toThrow(/SHA256SUMS: no answer within 4000 ms/);
});

test("several processes at once download it once", async () => {
  await using releases = new Releases("2.15.1");
  const url = await releases.listen();
  const module = JSON.stringify(join(import.meta.dirname, "find-nats-server.ts"));
  const script = `
    const { findNatsServer } = await import(${module});
    const found = await findNatsServer({
      signal: AbortSignal.timeout(20_000),
      cacheDir: ${JSON.stringify(cacheDir)},
      env: { PATH: "", BATON_NATS_RELEASES: ${JSON.stringify(url)} },
    });
    console.log(JSON.stringify(found));`;
  const found = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
      expect(err).toBe("");
      return z.object({ path: z.string(), source: z.string() }).parse(JSON.parse(out));
    }),
  );
  expect(found.map(({ source }) => source).toSorted()).toEqual(["cache", "cache", "release"]);
  expect(new Set(found.map(({ path }) => path)).size).toBe(1);
  expect(releases.requests.filter((file) => file.endsWith(".gz"))).toHaveLength(1);
});

test("what a killed download left behind is swept by the next one", async () => {
  mkdirSync(join(cacheDir, "work-killed"), { recursive: true });
  await using releases = new Releases("2.15.1");
  await find({ BATON_NATS_RELEASES: await releases.listen() });
  expect(existsSync(join(cacheDir, "work-killed"))).toBe(false);
});
