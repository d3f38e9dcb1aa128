/** Puts the scripted agents where a test wants them: programs `codex` and `claude`, complete in one folder. */
import { chmodSync, cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Scenario, SCENARIO_FILE } from "./agent/scenario.ts";

export interface InstalledAgents {
  /** Must be readable where they run; nothing else of this repository need be, but Node. */
  readonly folder: string;
  readonly codex: string;
  readonly claude: string;
  /** What they do from their next start on. */
  play(scenario: Scenario): void;
}

export function installAgents(folder: string, scenario: Scenario): InstalledAgents {
  mkdirSync(folder, { recursive: true });
  cpSync(join(import.meta.dirname, "agent"), join(folder, "agent"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}\n');
  const programOf = (name: string): string => {
    const program = join(folder, name);
    const main = join(folder, "agent/main.ts");
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' ${name} "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  };
  // Whoever runs them in a sandbox is another user.
  for (const name of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })])
    chmodSync(join(folder, name), 0o755);
  const play = (next: Scenario): void =>
    writeFileSync(join(folder, SCENARIO_FILE), `${JSON.stringify(next, null, 2)}\n`, {
      mode: 0o644,
    });
  play(scenario);
  return { folder, codex: programOf("codex"), claude: programOf("claude"), play };
}
