/** A bounded part of what a program wrote. */
export interface Kept {
  add(this: void, piece: Buffer): void;
  text(this: void): string;
}

/** The first `most` bytes. */
export function keepFirst(most: number): Kept {
  const pieces: Buffer[] = [];
  let left = most;
  return {
    add: (piece) => {
      if (left <= 0) return;
      // A copy: a piece of a larger buffer would keep all of that.
      pieces.push(piece.byteLength <= left ? piece : Buffer.from(piece.subarray(0, left)));
      left -= piece.byteLength;
    },
    text: () => Buffer.concat(pieces).toString("utf8"),
  };
}

/** The last `most` bytes. */
export function keepLast(most: number): Kept {
  let kept = Buffer.alloc(0);
  return {
    add: (piece) => {
      const all = Buffer.concat([kept, piece.subarray(-most)]);
      kept = Buffer.from(all.subarray(-most));
    },
    text: () => kept.toString("utf8"),
  };
}
