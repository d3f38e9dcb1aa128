/** Files named by the guard's options, as text; what is wrong with them is said with the option's name. */
import { UserError, EXIT } from "@baton/text/user-error";

import { readInput } from "../submit/read-input.ts";

/** What is read, and how much of it at most. */
export interface InputFile {
  /** How messages call it, for example `--state`. */
  readonly name: string;
  readonly path: string;
  readonly maxBytes: number;
}

/** The text of a file, a pipe or, for `-`, standard input, a byte order mark left out. Throws `UserError` E_INVALID. */
export async function readInputText(file: InputFile): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw faultyInput(file, ["isn't UTF-8 text"]);
  }
}

async function readBytes({ name, path, maxBytes }: InputFile): Promise<Uint8Array> {
  const limit = `${maxBytes / 1024 / 1024} MiB`;
  try {
    return await readInput(path, { maxBytes, limit, silentMs: 5000 });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { details } = error;
    const message = `${name}: ${details.message}`;
    throw new UserError({ ...details, code: "E_INVALID", exit: EXIT.invalid, message });
  }
}

/** Every fault of a document at once. */
export function faultyInput(
  { name, path }: Pick<InputFile, "name" | "path">,
  faults: readonly string[],
): UserError {
  const [first = "", ...more] = faults;
  const count = `${faults.length} faults:\n    ${faults.join("\n    ")}`;
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${name}: ${more.length === 0 ? first : count}`,
    value: path,
    action: "Correct what is named.",
  });
}
