/**
 * What a stage of the faulty lane does: the candidate's specification says so under the stage's name, or under
 * `<stage>@<iteration>` for one run only.
 */
import { FAILURE_CLASSES } from "@baton/contracts";
import { z } from "zod";

/** One way to go wrong, or not to. */
export const Behaviour = z.discriminatedUnion("does", [
  z.strictObject({ does: z.literal("pass") }),
  /** Throws a typed failure. */
  z.strictObject({
    does: z.literal("fail"),
    class: z.enum(FAILURE_CLASSES),
    code: z.string().default("E_ON_PURPOSE"),
    message: z.string().default("failed on purpose"),
  }),
  /** Throws what nobody has foreseen. */
  z.strictObject({ does: z.literal("throw"), message: z.string() }),
  /** Runs a shell script as an external program. */
  z.strictObject({ does: z.literal("program"), script: z.string() }),
  /** Never comes back, and ignores its signal. */
  z.strictObject({ does: z.literal("hang") }),
  /** Waits until it's aborted. */
  z.strictObject({ does: z.literal("wait") }),
  /** Takes its time, saying now and then that it goes on. */
  z.strictObject({ does: z.literal("work"), ms: z.int().positive() }),
  /** The process is gone at once. */
  z.strictObject({ does: z.literal("exit"), code: z.int() }),
  z.strictObject({ does: z.literal("die") }),
  /** The process stands still when all is done but the report, until somebody continues it. */
  z.strictObject({ does: z.literal("freeze") }),
  /** Reads an artifact of an earlier stage. */
  z.strictObject({ does: z.literal("read"), name: z.string() }),
]);
export type Behaviour = z.infer<typeof Behaviour>;

/** By attempt: the last one goes for all that follow. A stage that isn't named passes. */
export const Behaviours = z.union([Behaviour, z.array(Behaviour).min(1)]);
