import { readOwnFile, unsafeAction } from "@baton/files";
import { UserError, EXIT } from "@baton/text/user-error";

/** Bytes of a million characters. */
const MAX_BYTES = 4_000_000;

/** The text of a file that the mesh obeys. Throws `UserError` for one that somebody else could have written. */
export function readObeyed(file: string): string {
  try {
    return readOwnFile(file, { maxBytes: MAX_BYTES }).toString("utf8");
  } catch (cause) {
    throw new UserError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: `the file can't be used: ${cause instanceof Error ? cause.message : "it can't be read"}`,
      value: file,
      action: unsafeAction(cause, "Check the path and the file's owner."),
      cause,
    });
  }
}
