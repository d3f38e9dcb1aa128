/** J1 to J9, checked by a program of its own that shares no code with the services. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { MeshDirectory } from "@baton/client";
import type { Receipt } from "@baton/contracts";
import { readYaml } from "@baton/text";
import { UserError, EXIT } from "@baton/text/user-error";
import { z } from "zod";

import { ROOT } from "./mesh-plan.ts";
import { readObeyed } from "./read-obeyed.ts";

/** What the program found out about one invariant. */
export const InvariantFinding = z.object({
  id: z.string(),
  title: z.string(),
  checked: z.int(),
  unit: z.string(),
  ok: z.boolean(),
  violations: z.array(z.object({ where: z.string(), what: z.string() })),
  more: z.int(),
});
export type InvariantFinding = z.infer<typeof InvariantFinding>;

const Findings = z.object({ ok: z.boolean(), invariants: z.array(InvariantFinding).length(9) });

/** A playbook as far as it's needed here: read again instead of asking those who are being checked. */
const Playbook = z.object({
  stages: z.array(
    z.object({
      stage: z.string(),
      gate: z.string().optional(),
      mutableAction: z.boolean().optional(),
      incident: z.string().nullish(),
    }),
  ),
});

const PROGRAM = join(ROOT, "libs/invariants/src/main.ts");
const WITHIN_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Where to look. */
export interface Outside {
  readonly natsUrl: string;
  readonly directory: MeshDirectory;
  readonly playbook: string;
  readonly receipts: readonly Receipt[];
  /** True: nothing is under way any more, so whoever hasn't ended is lost. */
  readonly settled: boolean;
  /** The input is kept here, so that the check can be repeated by hand. */
  readonly inputFile: string;
}

/** Runs the check. Throws UserError E_UNAVAILABLE if it couldn't look. */
export async function checkOutside(outside: Outside): Promise<InvariantFinding[]> {
  const { directory } = outside;
  const { stages } = Playbook.parse(
    readYaml(readObeyed(outside.playbook), { maxCharacters: 1_000_000 }),
  );
  const gates = stages.flatMap(({ stage, gate }) => (gate === undefined ? [] : [[stage, gate]]));
  const input = {
    natsUrl: outside.natsUrl,
    natsSeedFile: directory.seedOf("cli"),
    remotes: [directory.gitops, directory.strategies],
    brokerLog: join(directory.broker, "ledger.jsonl"),
    gates: Object.fromEntries(gates),
    // Those that change what runs, and where what fails in them leads.
    promoting: stages.flatMap(({ stage, mutableAction, incident }) =>
      mutableAction === true && incident ? [stage] : [],
    ),
    recovery: stages.find(({ incident }) => incident)?.incident ?? null,
    receipts: outside.receipts,
    settled: outside.settled,
  };
  writeFileSync(outside.inputFile, `${JSON.stringify(input, null, 2)}\n`);
  const { stdout, stderr } = await run(outside.inputFile);
  const findings = stdout === "" ? undefined : Findings.safeParse(JSON.parse(stdout)).data;
  if (findings) return findings.invariants;
  throw new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `the invariants couldn't be checked: ${stderr.trim().slice(0, 400)}`,
    action: `Repeat it: node ${PROGRAM} ${outside.inputFile}`,
  });
}

function run(inputFile: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { timeout: WITHIN_MS, maxBuffer: MAX_OUTPUT_BYTES };
    execFile(process.execPath, [PROGRAM, inputFile], options, (_error, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });
}
