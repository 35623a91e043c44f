import { Refusal } from './refusal.js'

/**
 * What CHANGELOG.md says of a version: the lines under `## [1.2.3] - 2026-01-31`.
 * @param {string} text of the whole file
 * @throws {Refusal} where there is no such section, or nothing in it
 */
export function notes(text, version) {
  const section = text.split(/^## /m).find(part => part.startsWith(`[${version}]`))
  if (section === undefined) {
    throw new Refusal(
      `CHANGELOG.md has no section "## [${version}] - DATE": name what is under [Unreleased] so`,
    )
  }
  const [heading = '', ...lines] = section.split('\n')
  if (version !== 'Unreleased' && !/^\[.*\] - \d{4}-\d\d-\d\d$/.test(heading)) {
    throw new Refusal(`CHANGELOG.md gives no date for ${version}: "## [${version}] - 2026-01-31"`)
  }
  const body = lines.join('\n').trim()
  if (body === '') throw new Refusal(`CHANGELOG.md says nothing of ${version}`)
  return body
}
