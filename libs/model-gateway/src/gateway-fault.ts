/** The gateway can't stand between an agent and its model. */
export class GatewayFault extends Error {
  override readonly name = "GatewayFault";
  readonly code: "E_MODEL_CONFIG" | "E_MODEL_KEY" | "E_MODEL_SOCKET";
  readonly class = "deterministic";
  /** What to do next. */
  readonly action: string;

  constructor(
    code: GatewayFault["code"],
    message: string,
    { action, cause }: { action: string; cause?: unknown },
  ) {
    super(message, { cause });
    this.code = code;
    this.action = action;
  }
}
