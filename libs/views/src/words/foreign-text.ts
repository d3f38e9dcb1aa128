/** What is known of something that only a newer release can tell. */
export function foreignText(about: object): string {
  return Object.entries(about)
    .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}
