import type { Command } from "commander";

import { examples } from "../examples.ts";
import { globalsOf } from "../globals.ts";

/** `baton artifacts list|get|put` */
export function register(program: Command): void {
  const artifacts = program
    .command("artifacts")
    .description("list a candidate's artifacts, fetch one, or put copies back");
  artifacts
    .command("list")
    .description("list what the stages of a candidate made")
    .argument("<candidateId>")
    .addHelpText(
      "after",
      examples([["baton artifacts list cand-1f2e3d4c5b6a", "names, sizes, digests"]]),
    )
    .action(async (id: string, _options: object, command: Command) => {
      const { listArtifacts } = await import("../artifacts/list-artifacts.ts");
      await listArtifacts(id, globalsOf(command));
    });
  artifacts
    .command("get")
    .description("fetch an artifact, verified against its digest")
    .argument("[candidateId]")
    .argument("[name]")
    .option("--sha256 <digest>", "by digest instead of by candidate and name")
    .option("-O, --out <file>", "write it to a new file instead of to standard output (`-`)")
    .option("--force", "overwrite the file if it is there")
    .addHelpText(
      "after",
      examples([
        ["baton artifacts get cand-1f2e3d4c5b6a gates/gate-evaluation.md", "print it"],
        ["baton artifacts get cand-1f2e3d4c5b6a observed/audit-pack.tar -O pack.tar", "keep it"],
      ]),
    )
    .action(
      async (
        id: string | undefined,
        name: string | undefined,
        options: GetOptions,
        command: Command,
      ) => {
        const { getArtifact } = await import("../artifacts/get-artifact.ts");
        await getArtifact({ id, name }, { ...options, ...globalsOf(command) });
      },
    );
  registerPut(artifacts);
}

/** `baton artifacts put` */
function registerPut(artifacts: Command): void {
  artifacts
    .command("put")
    .description("store files under their digests: copies of artifacts that can't be read any more")
    .argument("<file...>")
    .addHelpText(
      "after",
      examples([
        ["baton artifacts put pack.tar", "put back a pack that `baton doctor --deep` misses"],
      ]),
    )
    .action(async (files: string[], _options: object, command: Command) => {
      const { putArtifacts } = await import("../artifacts/put-artifact.ts");
      await putArtifacts(files, globalsOf(command));
    });
}

interface GetOptions {
  readonly sha256?: string;
  readonly out?: string;
  readonly force?: boolean;
}
