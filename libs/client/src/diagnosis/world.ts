/** What an examination looks at. Read once, whoever asks first; nothing of it is changed. */
import { STREAMS, type TimedEntry } from "@baton/contracts";
import type { Standing } from "@baton/folds";
import { quoted } from "@baton/text/printable";

import { readEntriesOf, readStandings, type Unreadable } from "../reading/read-model.ts";
import { readServices, type ServiceView } from "../reading/read-services.ts";
import type { Session } from "../session/session.ts";
import { lookAtControls, type LookAtControls } from "./examine-controls.ts";
import { streamInfo } from "./examine-streams.ts";
import type { Finding } from "./finding.ts";

/** What JOURNAL holds. */
interface ReadJournal {
  readonly candidates: readonly Standing[];
  /** The last entry of each candidate that isn't closed. */
  readonly open: readonly TimedEntry[];
  /** Messages that no coordinator of this release wrote. */
  readonly foreign: readonly Unreadable[];
}

/** A mesh under examination. */
export interface World {
  readonly session: Session;
  /** When it was asked what time the server has, and when that was answered; milliseconds since 1970, by our clock. */
  readonly asked: { readonly sentMs: number; readonly receivedMs: number };
  /** The server's answer; undefined if it doesn't say. */
  readonly serverTime: string | undefined;
  /** Now by the server's clock, or by ours where it doesn't say; milliseconds since 1970. */
  readonly serverNow: number;
  journal(this: void): Promise<ReadJournal>;
  controls(this: void): Promise<LookAtControls>;
  services(this: void): Promise<readonly ServiceView[]>;
  /** Of the mesh that `baton up` runs here; undefined for another. */
  readonly dataDir: string | undefined;
}

/** One kind of examination: its findings, also those that all is well. May throw: that is told as a fault of its own. */
export type Examiner = (world: World) => Promise<readonly Finding[]>;

/** Opens the world of a server that has JetStream. */
export async function openWorld(session: Session): Promise<World> {
  const sentMs = Date.now();
  const serverTime = (await streamInfo(session, STREAMS.journal.name))?.ts;
  const receivedMs = Date.now();
  const serverNow = serverTime === undefined ? receivedMs : Date.parse(serverTime);
  return {
    session,
    asked: { sentMs, receivedMs },
    serverTime,
    serverNow,
    journal: once(() => readJournal(session)),
    controls: once(() => lookAtControls(session)),
    services: once(() => readServices(session)),
    dataDir: session.address.up?.dataDir,
  };
}

async function readJournal(session: Session): Promise<ReadJournal> {
  if (!(await streamInfo(session, STREAMS.journal.name)))
    return { candidates: [], open: [], foreign: [] };
  const { candidates, foreign } = await readStandings(session);
  const wrong = foreign.map(({ sequence, subject }) => ({
    sequence,
    why: `isn't an entry: subject ${quoted(subject)}`,
    otherRelease: false,
  }));
  const standing = candidates.filter(({ holder }) => holder !== "closed");
  const open = await readEntriesOf(session, standing, (one) => wrong.push(one));
  return { candidates, open, foreign: wrong };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
}
