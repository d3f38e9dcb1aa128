export { colors } from "./colors.ts";
export { explainError } from "./explain-error.ts";
export type { Format } from "./format.ts";
export { interruptible } from "./interrupt.ts";
export { note, print, terminalWidth, write } from "./output.ts";
export { runMain } from "./run-main.ts";
export { stopSignal, type StopSignal } from "./stop-signal.ts";
