/** It can't be decided now, and that is known and told elsewhere: whatever asked for it waits in its stream. */
export class NotYet extends Error {
  override readonly name = "NotYet";
}
