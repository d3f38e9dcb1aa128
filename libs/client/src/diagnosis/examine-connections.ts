/** How near keys and server are to the connections that they may have. */
import { ACCOUNT_CONNECTIONS, accountOf, KINDS, SERVER_ASK } from "@baton/mesh";
import { z } from "zod";

import type { Session } from "../session/session.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";

const ANSWER_MS = 2000;

const Limits = z.looseObject({
  data: z.looseObject({
    server_name: z.string(),
    connections: z.number(),
    max_connections: z.number(),
  }),
});
const Accounts = z.looseObject({
  data: z.looseObject({
    account_statz: z.array(z.looseObject({ acc: z.string(), conns: z.number() })),
  }),
});

/** What the servers say of their connections. */
export interface Connections {
  readonly servers: readonly {
    readonly name: string;
    readonly open: number;
    readonly max: number;
  }[];
  /** How many each account has on all servers together. */
  readonly accounts: ReadonlyMap<string, number>;
}

/** Nothing where nobody signs in: without accounts there are no bounds. */
export async function examineConnections({ nc }: Pick<Session, "nc">): Promise<Finding[]> {
  try {
    const limits = await askServers(nc, SERVER_ASK.limits, Limits);
    const counts = await askServers(nc, SERVER_ASK.accounts, Accounts);
    const accounts = new Map<string, number>();
    for (const { acc, conns } of counts.flatMap(({ data }) => data.account_statz))
      accounts.set(acc, (accounts.get(acc) ?? 0) + conns);
    const servers = limits.map(({ data }) => ({
      name: data.server_name,
      open: data.connections,
      max: data.max_connections,
    }));
    return connectionFindings({ servers, accounts });
  } catch (error) {
    return error instanceof Error && error.name === "NoResponders" ? [] : [UNKNOWN];
  }
}

const UNKNOWN = remark(
  "connections",
  "unknown: the server doesn't tell, and may let one key have all of them",
  "Make its access.conf again (`baton nats-config`), and reload it.",
);

async function askServers<T>(
  nc: Session["nc"],
  subject: string,
  schema: z.ZodType<T>,
): Promise<T[]> {
  const answers: T[] = [];
  const asked = await nc.requestMany(subject, "", { strategy: "stall", maxWait: ANSWER_MS });
  for await (const answer of asked) answers.push(schema.parse(answer.json()));
  return answers;
}

/** Each key that has all it may have, and each server that is nearly full. */
export function connectionFindings({ servers, accounts }: Connections): Finding[] {
  const atBound = [...accounts].filter(([, open]) => open >= ACCOUNT_CONNECTIONS);
  return [
    ...servers.map(({ name, open, max }) => {
      const found = `${open} of the ${max} that ${name} takes`;
      return open < max * 0.8
        ? ok("connections", found)
        : fault("connections", `${found}: who comes next may be turned away`, FLOODED);
    }),
    ...atBound.map(([account, open]) =>
      fault(
        "connections",
        `the key of ${kindOf(account)} has ${open}, which is all that it may have: nobody else with it is let in`,
        "End the processes that hold them; if they aren't yours, change the key (docs/access.md says how).",
      ),
    ),
  ];
}

const FLOODED =
  "Find who opens them (`ss -tn` on the server's machine) and keep them from the port by a firewall; docs/security.md says more.";

function kindOf(account: string): string {
  const kind = KINDS.find(
    (one) => account === accountOf(one) || account.startsWith(`${accountOf(one)}_`),
  );
  if (kind === undefined) return `account ${account}`;
  return account === accountOf(kind) ? kind : `${kind} that ends with ${account.slice(-8)}`;
}
