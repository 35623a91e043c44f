/** What a command's help ends with: a line to type. */
export function example(line: string): string {
  return `\nExample:\n  $ ${line}`
}
