import { join } from "node:path";

/** The program that a sandbox starts before the agent; how it is called stands in it. */
export const FORWARDER = join(import.meta.dirname, "forward-to-socket.ts");
