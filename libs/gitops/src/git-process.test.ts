import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { failedGit, redact } from "./git-error.ts";
import { gitEnvironment, runGit } from "./git-process.ts";
import { openMainReader } from "./main-reader.ts";
import { testFolder } from "./testing/place.ts";

/** A server that takes every connection and never says a word. */
async function silentServer(): Promise<string> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/gitops.git`;
}

test("a remote that hangs ends in a transient time-out, and in a transient abort when the caller stops", async () => {
  const cwd = testFolder();
  const url = await silentServer();
  const run = { args: ["ls-remote", "--", url], cwd, env: gitEnvironment(cwd) };
  await expect(runGit({ ...run, timeoutMs: 100 })).rejects.toMatchObject({
    code: "E_GIT_TIMEOUT",
    class: "transient",
  });
  const stopping = new AbortController();
  const waiting = runGit({ ...run, signal: stopping.signal });
  stopping.abort();
  await expect(waiting).rejects.toMatchObject({ code: "E_GIT_ABORTED", class: "transient" });
  await expect(runGit({ ...run, signal: stopping.signal })).rejects.toMatchObject({
    code: "E_GIT_ABORTED",
  });
});

test("a missing git program is named, not mistaken for a remote's failure", async () => {
  const cwd = testFolder();
  const env = { ...gitEnvironment(cwd), PATH: cwd };
  await expect(runGit({ args: ["version"], cwd, env })).rejects.toMatchObject({
    code: "E_GIT_MISSING",
    class: "deterministic",
  });
});

test("nothing of the user's own git configuration or environment reaches the command", async () => {
  const cwd = testFolder();
  process.env["GIT_DIR"] = "/nowhere";
  onTestFinished(() => void delete process.env["GIT_DIR"]);
  const answer = await runGit({
    args: ["config", "--show-origin", "--list"],
    cwd,
    env: { ...gitEnvironment(cwd), GIT_CONFIG_GLOBAL: "/dev/null" },
  });
  expect(answer.stdout.toString().trim()).toBe("command line:\tcore.hookspath=/dev/null");
});

test("what git says is shown without credentials, control characters and length", () => {
  const text = `fatal: unable to access 'https://me:ghp_abc123@host/x.git/': Authorization: Basic Zm9v\n\u001B[31mno\u0007`;
  const shown = redact(`${"x".repeat(5000)} ${text}`);
  expect(shown.length).toBeLessThan(700);
  expect(shown).not.toMatch(/ghp_abc123|Zm9v|me:|[^\P{Cc}]/u);
  expect(shown).toMatch(/https:\/\/\*\*\*@host/);
});

test.each([
  ["https://user:token-of-mine@git.test/x.git", "E_GIT_ADDRESS"],
  ["https://token-of-mine@git.test/x.git", "E_GIT_ADDRESS"],
  ["https://git.test/x.git?access_token=token-of-mine", "E_GIT_ADDRESS"],
  ["ext::sh -c token-of-mine", "E_GIT_ADDRESS"],
  ["ext://token-of-mine", "E_GIT_ADDRESS"],
  ["--upload-pack=token-of-mine", "E_GIT_ADDRESS"],
  ["ssh://-oProxyCommand=token-of-mine/x", "E_GIT_ADDRESS"],
  ["relative/token-of-mine", "E_GIT_ADDRESS"],
  ["/tmp/token-of-mine\n", "E_GIT_ADDRESS"],
  ["", "E_GIT_ADDRESS"],
])("the address %j is refused without being repeated", async (repository, code) => {
  const failure = await openMainReader({ repository, cacheDir: testFolder() }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code, class: "deterministic" });
  expect(String(failure)).not.toContain("token-of-mine");
});

test("a token goes to its repository as a header, and to nothing that isn't encrypted", async () => {
  const seen: (string | undefined)[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const repository = `http://127.0.0.1:${address.port}/gitops.git`;
  const token = "token-of-mine";
  const reader = await openMainReader({ repository, cacheDir: testFolder(), token });
  const failure = await reader.head().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "E_GIT_DENIED", class: "transient" });
  expect(String(failure)).not.toContain("token-of-mine");
  expect(seen).toEqual([`Basic ${btoa("x-access-token:token-of-mine")}`]);
  for (const other of ["http://git.test/x.git", "ssh://git.test/x.git", "/tmp/x.git"])
    await expect(
      openMainReader({ repository: other, cacheDir: testFolder(), token }),
    ).rejects.toMatchObject({ code: "E_GIT_ADDRESS" });
});

test("no redirect is followed: the token stays at its host, and a server can't send us elsewhere", async () => {
  const elsewhere: string[] = [];
  const listening = async (server: ReturnType<typeof createHttpServer>) => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  };
  const other = await listening(
    createHttpServer((request, response) => {
      elsewhere.push(`${request.url} ${request.headers.authorization ?? "anonymous"}`);
      response.writeHead(404).end();
    }),
  );
  for (const status of [301, 302, 303, 307, 308]) {
    const moved = await listening(
      createHttpServer((request, response) => {
        response.writeHead(status, { location: `${other}${request.url ?? ""}` }).end();
      }),
    );
    for (const credential of [{ token: "token-of-mine" }, {}]) {
      const repository = `${moved}/gitops.git`;
      await using reader = await openMainReader({
        repository,
        cacheDir: testFolder(),
        ...credential,
      });
      const failure = await reader.head().catch((error: unknown) => error);
      expect([status, failure]).toEqual([
        status,
        expect.objectContaining({ code: "E_GIT_REDIRECTED", class: "transient" }),
      ]);
    }
  }
  expect(elsewhere).toEqual([]);
});

test("a repository that isn't there may come back: that says nothing about the candidate", async () => {
  const folder = testFolder();
  await using reader = await openMainReader({
    repository: `${folder}/none.git`,
    cacheDir: `${folder}/cache`,
  });
  await expect(reader.head()).rejects.toMatchObject({
    code: "E_GIT_UNAVAILABLE",
    class: "transient",
  });
});

test.each([
  "fatal: '/srv/gitops.git' does not appear to be a git repository",
  "remote: Repository not found. | fatal: repository 'https://git.example/x.git/' not found",
  "fatal: Could not read from remote repository.",
  "fatal: remote did not send all necessary objects | fatal: early EOF",
  "error: RPC failed | fatal: the remote end hung up unexpectedly | fatal: bad object",
  "fatal: unable to access 'https://git.example/x.git/': Could not resolve host: git.example",
])("a remote that is away or breaks off is weather, not a verdict: %s", (text) => {
  expect(failedGit("fetch", 128, text)).toMatchObject({
    class: "transient",
    code: "E_GIT_UNAVAILABLE",
  });
});

test.each([
  ["fatal: Authentication failed for 'https://git.example/x.git/'", "E_GIT_DENIED"],
  ["fatal: detected dubious ownership in repository at '/srv/gitops.git'", "E_GIT_OWNERSHIP"],
])("what only the remote's keeper can mend is weather too: %s", (text, code) => {
  expect(failedGit("fetch", 128, text)).toMatchObject({ class: "transient", code });
});

test.each([
  ["fatal: couldn't find remote ref refs/heads/x", "E_GIT_NOT_FOUND"],
  ["error: object file is corrupt | fatal: bad object HEAD", "E_GIT_CORRUPT"],
])("what stays wrong is still a verdict: %s", (text, code) => {
  expect(failedGit("fetch", 128, text)).toMatchObject({ class: "deterministic", code });
});
