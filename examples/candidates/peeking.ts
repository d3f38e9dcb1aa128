/** A mistake to learn from: it compares with the close of the next row, which nobody knows yet. Made with all prices at hand, it looks like a fortune. */
interface Bar {
  readonly close: number;
}

export function target(bars: readonly Bar[], { rows }: { readonly rows: number }): number {
  const today = bars.length - 1;
  const before = bars[today + 1 - rows]?.close ?? 0;
  const after = bars[today + 1]?.close ?? 0;
  return after > before ? 1 : 0;
}
