/** What an examination found: `ok` is as it should be, `note` is worth knowing, `fault` needs the repair. */
export interface Finding {
  readonly level: "ok" | "note" | "fault";
  /** What was looked at. */
  readonly about: string;
  readonly found: string;
  /** What to do; undefined if nothing. */
  readonly repair?: string | undefined;
  /** True if it says that something of the mesh's history is lost. */
  readonly loss?: true;
}

/** As it should be. */
export function ok(about: string, found: string): Finding {
  return { level: "ok", about, found };
}

/** Worth knowing. */
export function remark(about: string, found: string, repair?: string): Finding {
  return { level: "note", about, found, repair };
}

/** Wrong. */
export function fault(about: string, found: string, repair: string): Finding {
  return { level: "fault", about, found, repair };
}
