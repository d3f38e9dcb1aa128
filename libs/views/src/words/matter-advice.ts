/** What people do about what the engine asks them to look at. Pure. */

/** `code` is the matter's, `subject` the candidate whose account it is. */
export function adviceOnMatter(code: string, subject: string): string {
  const compare = `Compare the account with the file of ${subject} on main (the engine's /strategies/${subject})`;
  if (code === "E_UNACCOUNTED")
    return `Find out who pushed the file of ${subject} to main, and revert their commit; what they may change there is to stop and to remove.`;
  return code === "E_POSITION_MISMATCH"
    ? `${compare}, find out who traded in it, cancel their order, and put the position back by hand; the engine then goes on by itself.`
    : `${compare}, and mend what differs.`;
}
