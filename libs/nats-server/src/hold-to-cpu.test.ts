import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { allowedCpus, heldToCpu, parseCpuList } from "./hold-to-cpu.ts";

test.each([
  ["", []],
  ["3", [3]],
  ["0-2,5", [0, 1, 2, 5]],
])("the list %j", (list, cpus) => {
  expect(parseCpuList(list)).toEqual(cpus);
});

const ASK = "/^Cpus_allowed_list:\\s*(.*)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]";

function ask(invocation: { file: string; args: readonly string[] }, env = process.env): string {
  return execFileSync(invocation.file, invocation.args, { encoding: "utf8", env }).trim();
}

test.runIf(process.platform === "linux")("a program is held to one CPU, with its arguments", () => {
  const last = allowedCpus().at(-1) ?? 0;
  const program = { file: process.execPath, args: ["-p", ASK] };
  expect(parseCpuList(ask(program))).toEqual(allowedCpus());
  expect(ask(heldToCpu(program, last))).toBe(`${last}`);
});

test.runIf(process.platform === "linux")("without taskset, or such a CPU, it runs anywhere", () => {
  const program = { file: process.execPath, args: ["-p", ASK] };
  expect(parseCpuList(ask(heldToCpu(program, 0), { PATH: "/nowhere" }))).toEqual(allowedCpus());
  expect(parseCpuList(ask(heldToCpu(program, 1_000_000)))).toEqual(allowedCpus());
});
