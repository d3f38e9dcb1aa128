/** How results are printed. */
export type Format = "table" | "json" | "yaml";

/** True if errors shall be JSON too; looks at the raw arguments, because parsing them may be what failed. */
export function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) =>
      arg === "--json" ||
      arg === "-ojson" ||
      arg === "--output=json" ||
      (arg === "json" && ["-o", "--output"].includes(args[index - 1] ?? "")),
  );
}
