import * as fc from "fast-check";
import { expect, test } from "vitest";

import { encodeText, headerBlock } from "./message-bytes.ts";

test("texts keep their bytes however many are encoded after them", () => {
  const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ minLength: 9000 }));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), (texts) => {
      const encoded = texts.map(encodeText);
      for (let more = 0; more < 10; more += 1) encodeText("x".repeat(7000));
      expect(encoded.map((bytes) => new TextDecoder().decode(bytes))).toEqual(
        texts.map((one) => new TextDecoder().decode(new TextEncoder().encode(one))),
      );
    }),
    { numRuns: 20 },
  );
});

test.each(["a\nb", "a\r\nNats-Msg-Id: forged", "\r"])(
  "a header with a line break in it is refused: %j",
  (value) => {
    expect(() => headerBlock({ name: value })).toThrow("holds a line break");
  },
);

test("fields without a value leave no header, and no fields no block", () => {
  expect(headerBlock({ traceparent: undefined })).toBeUndefined();
});
