import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { parseSubject, type Subject } from '../model/plan.ts'
import type { Tables } from './tables.ts'

type Audit = ExpressionBuilder<Tables, 'audit'>
type Test = Expression<SqlBool>

/** Which rows of the audit are about what an operator named, see {@link AuditQuery.subject}. */
export function isAbout(row: Audit, given: string): Test {
  const named = parseSubject(given)
  if (named) return row.or(TESTS[named.kind](row, named.name))
  const tests = Object.values(TESTS).flatMap(test => test(row, given))
  return row.or([row('subject', '=', given), ...tests])
}

const TESTS: Readonly<Record<Subject['kind'], (row: Audit, name: string) => Test[]>> = {
  provider: (row, name) => [
    row.and([isOf(row, 'provider.'), row.or([row('subject', '=', name), tells(row, 'id', name)])]),
    row.and([isOf(row, 'key'), row.or([row('subject', '=', name), begins(row, `${name}/`)])]),
  ],
  key: (row, name) => [row.and([row.or(KEY_ACTIONS.map(of => isOf(row, of))), isKey(row, name)])],
  token: (row, name) => [
    row.and([
      isOf(row, 'token.'),
      row.or([row('subject', '=', name), tells(row, 'name', name), tells(row, 'id', name)]),
    ]),
  ],
  proxy: (row, name) => [
    row.and([isOf(row, 'proxy.'), row.or([row('subject', '=', name), tells(row, 'id', name)])]),
  ],
  route: (row, name) => [
    row.and([isOf(row, 'route.'), row.or([row('subject', '=', name), tells(row, 'id', name)])]),
    // Of what leads to a provider that is removed there is no row of its own.
    row.and([isOf(row, 'provider.remove'), tells(row, 'route', name)]),
  ],
}

/** `key.change`, `keys.add`, …, and what takes keys along. */
const KEY_ACTIONS = ['key', 'provider.remove']

/** By its id, its label, or `provider/label`; no provider has a slash in its name. */
function isKey(row: Audit, name: string): Test {
  const slash = name.indexOf('/')
  const [provider, label] = [name.slice(0, slash), name.slice(slash + 1)]
  const several = row.and([row('subject', '=', provider), tells(row, 'label', label)])
  const whole = slash > 0 ? [row('subject', '=', name), several] : []
  return row.or([
    ...whole,
    ends(row, `/${name}`),
    tells(row, 'id', name),
    tells(row, 'label', name),
  ])
}

function isOf(row: Audit, action: string): Test {
  return row(row.fn('substr', ['action', row.val(1), row.val(action.length)]), '=', action)
}

function begins(row: Audit, text: string): Test {
  return row(row.fn('substr', ['subject', row.val(1), row.val([...text].length)]), '=', text)
}

function ends(row: Audit, text: string): Test {
  return row(row.fn('substr', ['subject', row.val(-[...text].length)]), '=', text)
}

/** Inside a text of JSON no quote stands by itself, so this is found nowhere but as a member. */
function tells(row: Audit, member: 'id' | 'label' | 'name' | 'route', value: string): Test {
  const written = `"${member}":${JSON.stringify(value)}`
  const values = ['before_value', 'after_value'] as const
  return row.or(
    values.map(column => row(row.fn<number>('instr', [column, row.val(written)]), '>', 0)),
  )
}
