/** Where a stage run that a program works on may be killed, in their order. */
export const CRASH_POINTS = [
  "before the folder",
  "bundle half written",
  "spawned without claim",
  "running",
  "ended, not taken out",
  "taken out, not committed",
  "committed, not pushed",
  "pushed, not stored",
  "stored, not reported",
] as const;
