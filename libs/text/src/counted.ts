/** `1 file`, `0 files`, `2 files`: never "1 files". `many` where the plural isn't made by an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
