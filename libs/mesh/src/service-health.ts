/**
 * Every process answers who asks how it is, under its kind's own subject; nobody else can answer there (see access.ts). A
 * process that is frozen doesn't answer, and one that isn't there doesn't either.
 */
import { boundedHealth, ServiceHealth, serviceSubject } from "@baton/contracts";
import { createInbox, type NatsConnection } from "nats";

/** Answers for as long as the connection lives. */
export function answerHealth(nc: NatsConnection, health: () => ServiceHealth): void {
  nc.subscribe(serviceSubject(health().service), {
    callback: (error, message) => {
      if (!error) message.respond(JSON.stringify(boundedHealth(health())));
    },
  });
}

/** Replicas answer within so long of the first one of their kind, in milliseconds. */
const REPLICAS_MS = 150;
/** Most answers that are taken: what a kind's key may send is no reason to grow. */
const MOST_ANSWERS = 200;

/** How all processes of the kinds are that answer within `withinMs`: by kind, in the order of their answers. */
export async function askHealth<K extends string>(
  nc: NatsConnection,
  kinds: readonly K[],
  withinMs: number,
): Promise<ReadonlyMap<K, readonly ServiceHealth[]>> {
  const inbox = createInbox();
  const answers = new Map<K, ServiceHealth[]>(kinds.map((kind) => [kind, []]));
  const done = Promise.withResolvers<void>();
  let timer = setTimeout(done.resolve, withinMs);
  let hurried = false;
  let left = MOST_ANSWERS;
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (error, { subject, data }) => {
      const kind = kinds[Number(subject.slice(inbox.length + 1))];
      // An empty one is the server's: nobody listens.
      if (error || kind === undefined || data.length === 0 || left === 0) return;
      left -= 1;
      const health = parse(data);
      if (health) answers.get(kind)?.push(health);
      if (hurried || [...answers.values()].some(({ length }) => length === 0)) return;
      hurried = true;
      clearTimeout(timer);
      timer = setTimeout(done.resolve, REPLICAS_MS);
    },
  });
  for (const [index, kind] of kinds.entries())
    nc.publish(serviceSubject(kind), "", { reply: `${inbox}.${index}` });
  await done.promise;
  subscription.unsubscribe();
  return answers;
}

function parse(data: Uint8Array): ServiceHealth | undefined {
  try {
    return ServiceHealth.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}
