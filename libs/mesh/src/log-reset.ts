import { type Loss, lossText, UNKNOWN_LOSS } from "@baton/contracts";

/** The mesh's history isn't what it was: nobody knows what holds, so nothing is decided, promoted or increased. */
export class LogReset extends Error {
  override readonly name = "LogReset";
  readonly code = "E_LOG_RESET";
  /** It passes when the history is brought back, or the loss accepted. */
  readonly class = "transient";
  readonly losses: readonly Loss[];
  readonly action: string;

  constructor(losses: readonly Loss[], { id }: { readonly id?: string } = {}) {
    super(`history is lost: ${losses.map(lossText).join("; ")}`);
    this.losses = losses;
    const streams = [...new Set(losses.map(({ stream }) => stream))].join(", ");
    const accept =
      id === undefined
        ? `as a refused command names it, or \`baton accept-loss ${UNKNOWN_LOSS} --why …\` where the coordinator knows of none`
        : `\`baton accept-loss ${id} --why …\``;
    this.action = `Stop the mesh and bring ${streams} back from the latest copy; \`baton doctor\` says what is known. Only if there is none, accept the loss: ${accept}; two people release the kill switch after that.`;
  }
}
