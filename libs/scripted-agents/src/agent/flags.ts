/** Command lines as the two programs read theirs: a flag that they don't know is an error. */
export interface Flags {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
}

export interface Known {
  /** By every name: the one it is kept under. */
  readonly withValue: Readonly<Record<string, string>>;
  readonly alone: Readonly<Record<string, string>>;
}

export class UnknownFlag extends Error {}

export function readFlags(args: readonly string[], { withValue, alone }: Known): Flags {
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  const keep = (name: string, value: string): void => {
    values.set(name, [...(values.get(name) ?? []), value]);
  };
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const [name = "", inline] = /^(--[^=]+)=(.*)$/s.exec(arg)?.slice(1) ?? [arg];
    const takes = withValue[name];
    const plain = alone[name];
    if (takes !== undefined) {
      const value = inline ?? args[(at += 1)];
      if (value === undefined) throw new UnknownFlag(`a value is required for '${name}'`);
      keep(takes, value);
    } else if (plain !== undefined) keep(plain, "true");
    else if (arg === "-" || !arg.startsWith("-")) rest.push(arg);
    else throw new UnknownFlag(arg);
  }
  return { values, rest };
}

export function last(flags: Flags, name: string): string | undefined {
  return flags.values.get(name)?.at(-1);
}

/** `a=a`, `b=b`: names that are kept as they are. */
export function named(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}
