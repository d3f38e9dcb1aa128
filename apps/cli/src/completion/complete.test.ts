import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { describe, expect, test } from "vitest";

import { createProgram } from "../program.ts";
import { BATON, baton } from "../testing/run-baton.ts";
import { completionsFor } from "./complete.ts";
import { SCRIPTS } from "./scripts.ts";

const IDS = ["cand-aa1111111111", "cand-ab2222222222"];
const complete = (...words: string[]): Promise<readonly string[]> =>
  completionsFor(createProgram(), words, async (beginning) =>
    IDS.filter((id) => id.startsWith(beginning)),
  );

test.each([
  [["kill"], ["kill-switch"]],
  [
    ["kill-switch", ""],
    ["engage", "help", "release"],
  ],
  [
    ["get", "c"],
    ["candidates", "controls"],
  ],
  [
    ["completion", ""],
    ["bash", "fish", "zsh"],
  ],
  [
    ["reasons", "GATE_"],
    ["GATE_FAILED", "GATE_INCONCLUSIVE"],
  ],
  [["get", "candidates", "--hol"], ["--holder"]],
  [["get", "candidates", "--holder", "lane-"], lanes()],
  [
    ["get", "candidates", "--output", ""],
    ["json", "table", "yaml"],
  ],
  [["-o", "json", "describe", "cand-aa"], ["cand-aa1111111111"]],
  [["cancel", "cand-aa1111111111", ""], IDS],
  [["cancel", "--why", "x", "cand-ab"], ["cand-ab2222222222"]],
  // A file, free text, and what there is none of are the shell's.
  [["submit", ""], []],
  [["cancel", "--why", ""], []],
  [["describe", "cand-aa1111111111", ""], []],
  [["compl"], ["completion"]],
])("after %j fits %j", async (words, found) => {
  expect(await complete(...words)).toEqual(found);
});

test.each([
  [["describe", "--data", "./mine", "cand-a"], { data: "./mine" }],
  [["-s", "nats://there", "describe", "cand-a"], { server: "nats://there" }],
  [["describe", "cand-a"], {}],
])("the ids after %j are of the mesh that is named", async (words, mesh) => {
  const asked: unknown[] = [];
  await completionsFor(createProgram(), words, async (_, named) => {
    asked.push(named);
    return [];
  });
  expect(asked).toEqual([mesh]);
});

test("an option that has a meaning of its own is offered and explained once", async () => {
  const offered = await complete("up", "--d");
  expect(offered).toEqual(["--data"]);
  const { stdout } = await baton(["up", "--help"]);
  expect(stdout.match(/^ +--data /gm)).toHaveLength(1);
  expect(stdout).toMatch(/^ +--data <folder> +where it keeps its data/m);
});

function lanes(): string[] {
  return ["a", "b", "c", "d", "e", "f"].map((letter) => `lane-${letter}`);
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ["--version"]).error === undefined;
}

describe("in a shell", () => {
  test("bash completes by what it was given, and without a mesh isn't kept waiting", () => {
    using folder = temporaryFolder("completion");
    mkdirSync(join(folder.path, "bin"));
    symlinkSync(BATON, join(folder.path, "bin/baton"));
    const path = [join(folder.path, "bin"), dirname(process.execPath), process.env["PATH"]];
    const ask = (...typed: string[]): string[] =>
      execFileSync(
        "bash",
        [
          "--norc",
          "-c",
          `${SCRIPTS.bash}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _baton; printf '%s\\n' "\${COMPREPLY[@]}"`,
          "bash",
          "baton",
          ...typed,
        ],
        {
          encoding: "utf8",
          env: { PATH: path.join(delimiter), BATON_NATS_URL: "nats://127.0.0.1:1" },
        },
      )
        .trim()
        .split("\n");
    expect(ask("get", "re")).toEqual(["reviews"]);
    expect(ask("pa")).toEqual(["pause"]);
    expect(ask("describe", "cand-")).toEqual([""]);
  });

  test.each(["zsh", "fish"].filter(isInstalled))("%s can read its script", (shell) => {
    const script = SCRIPTS[shell === "zsh" ? "zsh" : "fish"];
    const { status, stderr } = spawnSync(shell, ["-n", "-c", script], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("an unknown shell is refused (2)", async () => {
    const { code, stderr } = await baton(["completion", "csh"]);
    expect(code).toBe(2);
    expect(stderr).toContain("bash, zsh, fish");
  });
});

test("--version names the commit", async () => {
  const { code, stdout } = await baton(["--version"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^0\.0\.0\+[0-9a-f]{12}(\.changed)?\n$/);
  const built = await baton(["-V"], { env: { BATON_VERSION: "1.2.3+abc" } });
  expect(built.stdout).toBe("1.2.3+abc\n");
});
