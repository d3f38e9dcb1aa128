import { exitInWords, type ServiceEvent } from "@baton/supervisor";

/** An event as a line. */
export function describeEvent(event: ServiceEvent): string {
  switch (event.kind) {
    case "started":
      return `${event.service} started as process ${event.pid}`;
    case "ready":
      return `${event.service} is ready (process ${event.pid})`;
    case "unready":
      return `${event.service} runs as process ${event.pid} but ${event.why}`;
    case "hangs":
      return `${event.service} (process ${event.pid}) doesn't answer any more; it's killed`;
    case "ended":
      return `${event.service} (process ${event.pid}) ended with ${exitInWords(event.exit)}; it's started again in ${event.restartInMs} ms`;
    case "failed":
      return `${event.service} ${event.why}`;
  }
}
