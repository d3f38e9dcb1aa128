/**
 * Counts reports through the durable that all replicas share, so that each report is counted by one of them and the sum over
 * the replicas is right.
 *
 * R1: a report is counted, then acknowledged: a process that is killed loses its counters anyway, and what it had acknowledged
 *     isn't counted again by others. What a scrape shows was acknowledged before, so nothing that was shown is counted again.
 * R2: a report that comes again to the process that counted it (its acknowledgement was lost with a connection or a server) is
 *     acknowledged and not counted.
 * R3: an acknowledgement stands for all reports before, also for those that another replica is about to count. They go
 *     uncounted only if that replica dies meanwhile, and with it everything that it had counted.
 */
import { DURABLES, STREAMS } from "@baton/contracts";
import type { Delivery, Mesh, PullWorker } from "@baton/mesh";
import type { Log, Meter, OrchestrationMetrics } from "@baton/telemetry";

import { readReportFacts, type ReportFacts } from "./report-facts.ts";
import { createSequenceRing } from "./sequence-ring.ts";

/** What counting works with. */
export interface ReportIntakeParts {
  readonly mesh: Pick<Mesh, "take" | "nc">;
  readonly meter: Meter;
  readonly series: OrchestrationMetrics;
  readonly log: Log;
}

/** Counting that runs. */
export interface ReportIntake extends Pick<PullWorker, "silentMs"> {
  /** Takes no more reports; what was counted is acknowledged. */
  stop(graceMs: number): Promise<void>;
}

/** Reports asked for at a time, and how often: nobody waits for a count, and each wake-up would delay a handoff. */
const CAPACITY = 4096;
const ASK_MS = 250;
const ACK_MS = 50;
/** R2 reaches back so far: more than may be on the way to all replicas. */
const REMEMBERED = 65_536;

/** Starts counting. */
export function startReportIntake({ mesh, meter, series, log }: ReportIntakeParts): ReportIntake {
  const counted = createSequenceRing(REMEMBERED);
  const acknowledging = openAcknowledging(mesh.nc);
  let total = 0;
  meter
    .createObservableCounter("baton_reports_counted", {
      description: "Reports that this process counted",
    })
    .addCallback((result) => {
      acknowledging.flush(); // R1
      result.observe(total);
    });
  const take = (delivery: Delivery): void => {
    const { sequence, subject, message } = delivery;
    const facts = counted.has(sequence) ? undefined : readReportFacts(delivery.data);
    if (typeof facts === "string") {
      log.warn({ sequence, subject: subject.slice(0, 200), why: facts }, "report set aside");
      delivery.term(`E_MALFORMED ${facts}`);
      return;
    }
    if (facts) {
      record(series, facts);
      total += 1;
      counted.add(sequence);
    }
    acknowledging.add(sequence, message.reply);
  };
  const worker = mesh.take({
    stream: STREAMS.reports.name,
    durable: DURABLES.metrics,
    capacity: CAPACITY,
    everyMs: ASK_MS,
    onTrouble: (what) => log.warn({ what }, "metrics intake"),
    onDelivery: (delivery, release) => {
      take(delivery);
      release();
    },
  });
  return {
    silentMs: () => worker.silentMs(),
    stop: async (graceMs) => {
      await worker.stop(graceMs);
      acknowledging.flush();
    },
  };
}

/** Sends one acknowledgement for all counted since the last. */
function openAcknowledging(nc: Mesh["nc"]): {
  add(sequence: number, reply: string | undefined): void;
  flush(): void;
} {
  let last: string | undefined;
  let through = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (last !== undefined) nc.publish(last, ACK);
    last = undefined;
  };
  return {
    add: (sequence, reply) => {
      // One that came again must not stand for later ones.
      if (last !== undefined && sequence < through) return;
      through = sequence;
      last = reply;
      timer ??= setTimeout(flush, ACK_MS);
    },
    flush,
  };
}

const ACK = new TextEncoder().encode("+ACK");

function record(series: OrchestrationMetrics, facts: ReportFacts): void {
  const { stage, lane, result, failureClass, handoff } = facts;
  if (result) series.stageDuration(result.seconds, { stage, lane, result: result.name });
  else if (failureClass !== undefined) series.retry({ stage, failureClass });
  if (failureClass !== undefined) series.failure({ stage, failureClass });
  if (handoff) series.handoffLatency(handoff.seconds, { fromStage: handoff.from, toStage: stage });
}
