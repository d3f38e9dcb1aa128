/**
 * Flags that each service's node is started with: small young generations keep a dozen processes small. V8's memory reducer
 * would shrink a heap a second after the load is gone, and the next load would pay for making it grow again. It can't be
 * switched off later, nor by NODE_OPTIONS.
 */
export const SERVICE_NODE_FLAGS: readonly string[] = [
  "--max-semi-space-size=8",
  "--no-memory-reducer",
];
