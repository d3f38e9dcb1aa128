import { cut } from "@baton/contracts";

/** What can be wrong with a pack; the code says what to look at. */
export const AUDIT_FAULT_CODES = [
  /** Not there, not a plain file, not a tar. */
  "E_PACK_UNREADABLE",
  /** Larger or more than a pack may be. */
  "E_PACK_LIMIT",
  /** An entry that no pack has: a path that leaves the pack, a link, a name that is there twice. */
  "E_PACK_ENTRY",
  /** The manifest is missing or has another form. */
  "E_PACK_MANIFEST",
  /** The signature is missing or isn't of this manifest. */
  "E_PACK_SIGNATURE",
  /** Signed, but with another key than the expected one. */
  "E_PACK_KEY",
  /** A file of the manifest isn't in the pack. */
  "E_PACK_MISSING",
  /** A file isn't in the manifest. */
  "E_PACK_EXTRA",
  /** A file isn't what the manifest says. */
  "E_PACK_ALTERED",
  /** A section that every pack needs is missing or empty. */
  "E_PACK_SECTION",
  /** The bytes around the files aren't the ones that a pack of these files has. */
  "E_PACK_FORM",
  /** The journal extract has a gap, or names an artifact that the pack lacks. */
  "E_PACK_JOURNAL",
  /** Something in it isn't what follows from the specification that was submitted. */
  "E_PACK_LINEAGE",
  /** A command that the journal names isn't there, or wasn't signed by the one whose name it bears. */
  "E_PACK_COMMAND",
] as const;
export type AuditFaultCode = (typeof AUDIT_FAULT_CODES)[number];

/** One thing that is wrong with a pack. */
export interface AuditFault {
  readonly code: AuditFaultCode;
  readonly message: string;
}

/** A fault; values in it must have gone through `shown`. */
export function fault(code: AuditFaultCode, message: string): AuditFault {
  return { code, message: cut(message, 400) };
}

/** A value from a pack as it may be printed: escaped, at most 80 characters. */
export function shown(value: string): string {
  return cut(JSON.stringify(value), 80);
}
