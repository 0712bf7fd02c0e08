export function connect(url: string): { url: string } {
  return { url: url };
}
