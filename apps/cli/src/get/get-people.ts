/** `baton get people`: the key registry, as far as this machine can read it. */
import { findServer, keyInUse, registryFor } from "@baton/client";
import type { People } from "@baton/people";
import { print, terminalWidth } from "@baton/terminal";
import { UserError, EXIT } from "@baton/text/user-error";
import { renderTable } from "@baton/views";

import type { Globals } from "../globals.ts";

/** A registered key. */
interface PersonRow {
  readonly name: string;
  readonly roles: readonly string[];
  readonly publicKey: string;
  /** True if it is the key that this user's commands are signed with. */
  readonly yours: boolean;
}

/** Lists who may ask for something, and with which roles. Throws `UserError`. */
export async function getPeople(options: Globals & { readonly people?: string }): Promise<void> {
  const people = await registryFor(options.people, findServer(options, process.env));
  if (!people)
    throw new UserError({
      code: "E_NOT_FOUND",
      exit: EXIT.notFound,
      message: "no key registry is known here",
      rule: "it is the file that the coordinator has as BATON_PEOPLE; a mesh of your own `baton up` is known by itself",
      action: "`--people FILE` or BATON_PEOPLE names it; or ask whoever keeps it.",
    });
  const own = keyInUse(options)?.publicKey;
  const rows = rowsOf(people, own);
  await print(options.format, rows, (list) => renderPeople(list, own, terminalWidth()));
}

/** The registry by name; `own` is the public key of whoever asks. */
function rowsOf(people: People, own: string | undefined): PersonRow[] {
  return Array.from(people, ([publicKey, { name, roles }]) => ({
    name,
    roles,
    publicKey,
    yours: publicKey === own,
  })).toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The rows as a table, and what to do where one's own key isn't among them. */
function renderPeople(rows: readonly PersonRow[], own: string | undefined, width: number): string {
  const columns = ["NAME", "ROLES", "YOU", "KEY"].map((heading) => ({ heading }));
  const table = renderTable(
    columns,
    rows.map(({ name, roles, publicKey, yours }) => [
      name,
      roles.join(", ") || "-",
      yours ? "yes" : "-",
      publicKey,
    ]),
    width,
  );
  if (own === undefined || rows.some(({ yours }) => yours)) return table;
  return `${table}Your key ${own} isn't registered: give the line that \`baton login\` prints to whoever keeps the registry.\n`;
}
