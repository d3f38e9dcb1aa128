/** The largest input of market data; past one a load fails with E_LIMIT and keeps nothing. */
export const LIMITS = {
  /** Bytes of one file. */
  bytes: 50 * 1024 * 1024,
  /** Rows of one file without its header. */
  rows: 100_000,
  /** Characters of one line of CSV. */
  lineCharacters: 4_096,
  /** Columns of one file. */
  columns: 64,
} as const;
