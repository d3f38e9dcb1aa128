/**
 * The command of a script that computes and does nothing else. Node itself refuses it files outside its tree, programs, threads and
 * code out of strings, and says which line asked; that it can't have them is the sandbox's doing.
 */
export function pureNode(
  script: string,
  of: {
    readonly heapMiB: number;
    /** More folders that it may read. */
    readonly reads?: readonly string[];
    readonly nodeArgs?: readonly string[];
  },
): readonly [string, ...string[]] {
  return [
    process.execPath,
    "--permission",
    ...["./", ...(of.reads ?? [])].map((path) => `--allow-fs-read=${path}`),
    "--disallow-code-generation-from-strings",
    "--disable-warning=ExperimentalWarning",
    `--max-old-space-size=${of.heapMiB}`,
    ...(of.nodeArgs ?? []),
    script,
  ];
}
