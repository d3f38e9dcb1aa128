/** Remembers which of the latest sequences were seen, in constant memory; a stream's sequences begin at 1. */
export interface SequenceRing {
  /** True if the sequence was added and not yet pushed out by one that is a multiple of `size` away. */
  has(sequence: number): boolean;
  add(sequence: number): void;
}

/** A ring over the last `size` sequences. */
export function createSequenceRing(size: number): SequenceRing {
  const seen = new Float64Array(size);
  return {
    has: (sequence) => seen[sequence % size] === sequence,
    add: (sequence) => {
      seen[sequence % size] = sequence;
    },
  };
}
