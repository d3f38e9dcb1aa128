/** `baton doctor --deep`: reads all that is stored once, and says of what can't be read any more what it can be made again from. */
import type { Entry } from "@baton/contracts";
import { type Damage, scrub, type ScrubProgress } from "@baton/mesh";
import { counted } from "@baton/text/counted";

import { bytesText } from "./bytes-text.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

/** Most that are named one by one. */
const NAMED = 50;
const TELL_MS = 2000;

/** Reads everything; with much stored that takes minutes, so it says how far it is. */
export async function examineDeep({ session, journal }: World): Promise<Finding[]> {
  const damages: Damage[] = [];
  const misread = new Map<string, Misread>();
  let more = 0;
  const read = await scrub({
    reader: session,
    artifacts: session.artifacts,
    streams: ["journal", "reports", "commands", "controls"],
    signal: new AbortController().signal,
    onDamage: (damage) => {
      if (damage.kind === "unreadable" && damage.writer !== undefined)
        misread.set(damage.writer, countMisread(misread.get(damage.writer), damage));
      else if (damages.length < NAMED) damages.push(damage);
      else more += 1;
    },
    onProgress: everySoOften(session.tell),
  });
  const found = `${counted(read.messages, "message")} and ${counted(read.artifacts, "artifact")} read, ${bytesText(read.bytes)}`;
  const misreads = Array.from(misread, ([writer, of]) => misreadFinding(writer, of));
  if (damages.length === 0) return [ok("stored", `${found}: all as they were stored`), ...misreads];
  const { open } = await journal();
  const standing = new Map(open.map(({ entry }) => [entry.candidateId, entry]));
  const told = damages.map((damage) => damageFinding(damage, standing));
  if (more > 0) told.push(fault("stored", `${more} more`, "Mend those above, then look again."));
  return [...told, ...misreads];
}

/** Messages that one kind wrote so that nobody can read them, by the first: told once, however many there are. */
interface Misread {
  readonly first: Extract<Damage, { kind: "unreadable" }>;
  readonly count: number;
}

function countMisread(before: Misread | undefined, first: Misread["first"]): Misread {
  return { first: before?.first ?? first, count: (before?.count ?? 0) + 1 };
}

/** What a key's holder wrote harms nobody else, and can't be taken back: a note, no fault that lasts for ever. */
export function misreadFinding(writer: string, { first, count }: Misread): Finding {
  const many = count === 1 ? "a message" : `${count} messages`;
  return remark(
    "stored",
    `${writer}'s key wrote ${many} that can't be read, the first ${first.stream} ${first.from}: ${first.why}`,
    UNREADABLE,
  );
}

function everySoOften(tell: (line: string) => void): (progress: ScrubProgress) => void {
  let toldMs = Date.now();
  return ({ messages, of, artifacts, bytes }) => {
    if (Date.now() - toldMs < TELL_MS) return;
    toldMs = Date.now();
    tell(
      `${messages} of ${counted(of, "message")}, ${counted(artifacts, "artifact")}, ${bytesText(bytes)} read`,
    );
  };
}

/** What is damaged, and what it can be made again from; `standing` has the last entry of each candidate that isn't closed. */
export function damageFinding(damage: Damage, standing: ReadonlyMap<string, Entry>): Finding {
  switch (damage.kind) {
    case "lost": {
      const { stream, from, to } = damage;
      const which = from === to ? `message ${from}` : `messages ${from} to ${to}`;
      return fault("stored", `${stream} has lost ${which}`, LOST);
    }
    case "unreadable":
      return fault(
        "stored",
        `${damage.stream} ${damage.from} can't be read: ${damage.why}`,
        UNREADABLE,
      );
    case "artifact": {
      const { named, how, candidateId } = damage;
      const what = named.as === "artifact" ? named.name : named.as;
      const found = `${what} of ${candidateId} is ${how} (${named.sha256})`;
      return fault("stored", found, remedyOf(damage, standing.get(candidateId)));
    }
  }
}

const LOST =
  "Look at the server's disk. Messages can't be made again: bring the server's data back from a backup. Until then what rests on them can't be replayed, and a candidate whose entries name them isn't moved.";
const UNREADABLE =
  "If another release of Baton wrote it, that one reads it. Otherwise find out who holds the key that may publish there (docs/access.md).";
const COPY = "A copy of these bytes is put back by `baton artifacts put FILE`";
const PACK = "observed/audit-pack.tar";

/** What an artifact can be made again from, the cheapest first. */
function remedyOf(
  { named, candidateId }: Extract<Damage, { kind: "artifact" }>,
  last: Entry | undefined,
): string {
  if (named.as === "prices")
    return `\`baton submit\` of the author's specification with the same CSV stores them again. ${COPY}.`;
  if (named.as === "playbook")
    return "A coordinator that starts with that version of the playbook's file (BATON_PLAYBOOK) stores it again.";
  if (last) return `${againBy(last, named.stage)} ${COPY}, from a backup or from who fetched it.`;
  if (named.name === PACK)
    return `${COPY}, from who fetched the pack or from a backup. Closed candidates aren't run again; what the pack sealed is still in JOURNAL and in the artifacts that it lists.`;
  return `Its audit pack has a copy: \`baton artifacts get ${candidateId} ${PACK} -O pack.tar\`, \`tar -xf pack.tar\`, \`baton artifacts put artifacts/${named.name}\`; otherwise a backup.`;
}

function againBy({ candidateId, stage, holder, review }: Entry, made: string): string {
  const offered = review?.answers?.map(({ command }) => command) ?? [];
  if (holder === "review" && stage === made && offered.includes("resume"))
    return `\`baton resume ${candidateId} --why …\` runs ${made} again, which makes it anew.`;
  if (offered.includes("send-back"))
    return `\`baton send-back ${candidateId} --why …\` makes it and all after it anew, in a new run.`;
  return `${made} made it, and isn't run again for itself.`;
}
