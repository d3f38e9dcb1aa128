/**
 * How a name looks: a text that two names have in common if a reader would take one for the other.
 *
 * L1: what looks alike is what Unicode's table of confusables says (UTS 39, whole), and what is added below. The relation is
 *     carried on: letters that look like a third one look alike. Taking two letters for one is the safe side.
 * L2: no table holds all look-alikes among Han letters (日 and 曰, 未 and 末), so they tell nobody apart: each is as good as
 *     any other. What stands beside them does: kana, Hangul, Bopomofo, digits.
 */
import confusables from "unhomoglyph/data.json" with { type: "json" };

/** What nobody sees. */
export const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Zl}\p{Zp}]/u;

/** What Unicode's table leaves out: letters that are drawn alike in some fonts or small, and digits. Case counts: Greek Η is an H, η an n. */
const ALSO_ALIKE = [
  "aаαа",
  "AАΑԱ",
  "b8ЬьƄβъЪ",
  "BВΒ",
  "cс",
  "CСϹ",
  "dԁժđðδ",
  "eеҽεəә",
  "EЕΕƏӘ",
  "gց",
  "hһհħ",
  "HНΗн",
  "jјյ",
  "JЈ",
  "kкκҝĸ",
  "KКΚ",
  "NΝŊ",
  "lIi1|λ!ıłіІιΙӀӏ\u05d5\u05df\u0627丨\u0661\u06f1",
  "mм",
  "MМΜ",
  "nηпոռŋπ",
  "oO0øθΘφΦоОοΟσօՕ\u05e1\u0647\u06d5\u0966\u09e6\u0a66\u0ae6\u0b20\u0b66\u0be6\u0c66\u0ce6\u0d20\u0d66\u101d\u1040\u0e50\u0ed0\u12d0\u17e0\u3007",
  "pрρþ",
  "PРΡÞ",
  "qԛզգ",
  "rг",
  "sS5ѕЅՏ",
  "tтτŧ",
  "TТΤ",
  "UVՍѴ",
  // The Greek υ is drawn as either.
  "uvυսцνѵμџ",
  "wԝωѡաψшщ",
  "xхχ",
  "XХΧ",
  "yуγү",
  "YУΥҮ",
  "zZ2ζΖ乙",
  "3зЗ",
  "6б",
  "fք",
  "LԼ",
  "ニ二",
  "ロ口",
  "カ力",
  "エ工",
  "タ夕",
  "ト卜",
  "ハ八",
  "ミ三",
  "チ千",
  "へヘ",
  "りリ",
  "كک",
  "\u0654\u0674",
  "يیى",
];

/** Accents that are laid over a letter; the vowel signs of other scripts are letters of their own. */
const ACCENT = /[\u0300-\u036f]/gu;
const SIGN = /[^\p{L}\p{M}\p{N}]/gu;
/** The same, but for those that stand for a letter. */
const PLAIN_SIGN = /[^\p{L}\p{M}\p{N}|!]/gu;
const HAN = /\p{Script=Han}/u;

const bare = (text: string) => text.normalize("NFKD").replaceAll(ACCENT, "");

/** Each letter's row, and what is written with several: `œ` as oe. */
const [ROWS, SPELLED] = tablesOf(Object.entries(confusables));

function tablesOf(pairs: readonly (readonly [string, string])[]) {
  const rows = new Map<string, Set<string>>();
  const spelled = new Map<string, string>();
  const join = (one: string, other: string) => {
    const [into, from] = [rows.get(one) ?? new Set([one]), rows.get(other) ?? new Set([other])];
    for (const letter of [...into, ...from]) rows.set(letter, into.add(letter));
  };
  for (const [first = "", ...others] of ALSO_ALIKE) for (const one of others) join(first, one);
  for (const [from, to] of pairs) {
    const [letter, look] = [bare(from), bare(to)];
    // A variant of another letter is that letter: names are compared in NFKC.
    if (from.normalize("NFKC") !== from) continue;
    if (Array.from(letter).length !== 1 || look.replaceAll(PLAIN_SIGN, "") !== look) continue;
    const length = Array.from(look).length;
    if (length === 1 && letter !== look) join(letter, look);
    // What is written with several and has a row is known by its row: an m isn't split.
    if (length > 1 && !/[!-~]/u.test(letter) && !rows.has(letter)) spelled.set(letter, look);
  }
  return [rows, spelled] as const;
}

/** The letter that stands for a row: an ASCII one if there is one, else a Han letter. */
const FIRST = new Map(
  [...new Set(ROWS.values())].flatMap((row) => {
    const letters = [...row];
    const first = [/[a-z]/u, /[A-Z]/u, /\d/u, HAN, /./u].flatMap((kind) =>
      letters.filter((letter) => kind.test(letter)).toSorted(),
    )[0];
    return letters.map((letter) => [letter, first ?? letter] as const);
  }),
);

/** A name as it looks: as it is written, in small and in capital letters, its `|` and `!` read as letters or as signs. */
export function looksOf(name: string): readonly string[] {
  const plain = name.normalize("NFKC");
  const looks = [plain, plain.toLowerCase(), plain.toUpperCase()].flatMap((written) => [
    lookOf(written, SIGN),
    lookOf(written, PLAIN_SIGN),
  ]);
  if (!HAN.test(plain)) return looks;
  return [...looks, ...looks.map((look) => look.replaceAll(new RegExp(HAN, "gu"), "漢"))];
}

function lookOf(name: string, signs: RegExp): string {
  const letters = Array.from(name.normalize("NFKD"), (one) => (UNSEEN.test(one) ? "" : one))
    .join("")
    .replaceAll(ACCENT, "")
    .replaceAll(signs, "")
    // Before l and i become one: no i looks like the right half of a d.
    .replaceAll(/[cсϲ][lI1|ІΙӀӏ]/gu, "d")
    .replaceAll("æ", "ae")
    .replaceAll("œ", "oe");
  return Array.from(letters, (one) => SPELLED.get(one) ?? one)
    .map((text) => Array.from(text, (one) => FIRST.get(one) ?? one).join(""))
    .join("")
    .toLowerCase()
    .replaceAll("rn", "m")
    .replaceAll(/uu/gu, "w");
}
