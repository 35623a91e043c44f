import { readdirSync, readFileSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const folder = new URL('../../../dist/dashboard/', import.meta.url)
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
const contents = names.filter(name => /\.(html|js|css)$/.test(name))
const read = (name: string) => readFileSync(new URL(name, folder))

describe('the built dashboard', () => {
  it('is one document, one script and one style sheet, named by what is in them', () => {
    const hashless = contents.map(name => name.replace(/-[\w-]{8}\./, '-HASH.'))
    expect(hashless.sort()).toEqual(['assets/index-HASH.css', 'assets/index-HASH.js', 'index.html'])
  })

  it('lies beside itself as brotli and gzip', () => {
    for (const name of contents) {
      expect(brotliDecompressSync(read(`${name}.br`)).equals(read(name))).toBe(true)
      expect(gunzipSync(read(`${name}.gz`)).equals(read(name))).toBe(true)
    }
  })

  it('weighs 150 kB at most, gzipped', () => {
    const bytes = contents.reduce((sum, name) => sum + read(`${name}.gz`).length, 0)
    expect(bytes).toBeGreaterThan(20_000)
    expect(bytes).toBeLessThan(150_000)
  })

  it('needs nothing that the policy refuses: nothing inline, no eval, no other origin', () => {
    const html = read('index.html').toString()
    expect(html).not.toMatch(/<script(?![^>]* src="\/admin\/assets\/)/)
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
    for (const name of contents) {
      const text = read(name).toString()
      expect(text).not.toMatch(/\beval\(|new Function\(/)
      const origins = [...text.matchAll(/https?:\/\/[^\s"'`)]+/g)].map(([url]) => url)
      expect(origins.filter(url => !/^http:\/\/www\.w3\.org\//.test(url))).toEqual([])
    }
  })
})

it('no page writes markup', () => {
  const source = new URL('../../../src/control/dashboard/', import.meta.url)
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\.tsx?$/.test(name),
  )
  expect(files.length).toBeGreaterThan(40)
  const forbidden =
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\bstyle=|href=\{(?!HASHES\[)/
  const found = files.filter(name => forbidden.test(readFileSync(new URL(name, source), 'utf8')))
  expect(found).toEqual([])
})
