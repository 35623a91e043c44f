import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import openWabt from 'wabt'

const SOURCE = new URL('../../src/wire/nesting.wat', import.meta.url)
const MODULE = new URL('../../src/wire/nesting-module.ts', import.meta.url)

/** `npm run build:nesting` writes it; else it is held against the source. */
it('the module is what its source compiles to', async () => {
  const wabt = await openWabt()
  const parsed = wabt.parseWat('nesting.wat', readFileSync(SOURCE), { simd: true })
  const text = fileOf(Buffer.from(parsed.toBinary({}).buffer))
  parsed.destroy()
  if (process.env.BALANCE_REPORT) writeFileSync(MODULE, text)
  expect(readFileSync(MODULE, 'utf8')).toBe(text)
})

function fileOf(module: Buffer): string {
  const lines = module.toString('base64').match(/.{1,92}/g) ?? []
  return [
    '/** Made of `nesting.wat` by `npm run build:nesting`, with the wabt of package.json: a WebAssembly module in base64. */',
    'export const NESTING_MODULE =',
    ...lines.map((line, i) => `  '${line}'${i < lines.length - 1 ? ' +' : ''}`),
    '',
  ].join('\n')
}
