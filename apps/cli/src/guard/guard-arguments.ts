/** What the guard's options must be: there, well formed, and known to the playbook. */
import type { Playbook, StageRule } from "@baton/playbook/rules";
import { nearest } from "@baton/text/nearest";
import { UserError, EXIT } from "@baton/text/user-error";

/** Reads options by flag without dashes; throws E_USAGE naming every one that is missing. */
export function requireOptions<K extends string>(
  given: Readonly<Record<K, string | undefined>>,
): (name: K) => string {
  const missing = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [name] : [],
  );
  if (missing.length > 0) {
    throw usage(
      `${missing.map((name) => `--${name}`).join(", ")} ${missing.length === 1 ? "is" : "are"} required`,
      "`--help` shows what the command takes.",
    );
  }
  return (name) => given[name] ?? "";
}

/** Throws E_USAGE for options that claim what a mesh is asked itself. */
export function refuseAssertions(given: Readonly<Record<string, unknown>>): void {
  const claimed = Object.keys(given).filter((name) => given[name] !== undefined);
  if (claimed.length === 0) return;
  throw usage(
    `--mesh takes no claims: ${claimed.map((name) => `--${name}`).join(", ")}`,
    "Leave them out: with --mesh the guard looks at journal, artifacts and gate report itself.",
  );
}

/** The contracts' pattern, said again: to load it from there would load every schema. A test holds the two together. */
export const ID = /^[a-z0-9][a-z0-9-]{4,61}[a-z0-9]$/;

/** An identifier of candidate or run; throws E_INVALID. */
export function checkId(option: string, value: string): string {
  if (ID.test(value)) return value;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: value === "" ? `${option} must not be empty` : `${option} isn't valid`,
    value,
    rule: "6 to 63 characters, only a-z, 0-9 and '-', neither starting nor ending with '-'",
    action: `Correct ${option}.`,
  });
}

/** Number of a failed attempt; throws E_INVALID. */
export function checkAttempt(value: number): number {
  if (value >= 1 && value <= 1000) return value;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "--attempt isn't valid",
    value: String(value),
    rule: "from 1 to 1000",
    action: "Name the attempt that failed.",
  });
}

/** The rule of a stage of the playbook; throws E_INVALID naming those there are. */
export function checkStage(option: string, value: string, playbook: Playbook): StageRule {
  const rule = playbook.stages.get(value);
  if (rule) return rule;
  const stages = [...playbook.stages.keys()];
  const meant = nearest(value, stages);
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${option} isn't a stage of the playbook ${playbook.digest.slice(0, 12)}`,
    value,
    rule: `one of ${stages.join(", ")}`,
    action:
      meant === undefined
        ? "Correct it, or name another playbook by --policy."
        : `Did you mean ${meant}?`,
  });
}

/** An option that holds nothing but blanks counts as left out. */
export function filled(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === "" ? undefined : text;
}

function usage(message: string, action: string): UserError {
  return new UserError({ code: "E_USAGE", exit: EXIT.usage, message, action });
}
