import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { keysNamed } from '../named-keys.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

/** Adds `test` to the group of keys. */
export function defineTest(group: Command, run: Run): void {
  group
    .command('test')
    .description('ask their provider whether keys work, and bring back those that do')
    .argument('[key...]', 'ids or labels; disabled keys too')
    .option('--all', 'every key in use')
    .option('--provider <name>', 'every key in use of this provider')
    .addHelpText('after', HELP)
    .action(run(test))
}

const HELP = `
A key is tested by a free call (the list of models), or where its provider has a
test_model by a chat of one token, which also shows whether it has money. What comes
of it is learned as from a request, with the gateway up or down.

Examples:
  $ balance keys test backup
  $ balance keys test --all --json | jq -r ".[] | select(.ok | not).key"`

async function test(
  session: Session,
  given: string[],
  options: { all?: true; provider?: string },
): Promise<void> {
  const { all, provider } = options
  const many = all === true || provider !== undefined
  if (many === given.length > 0) {
    throw new BalanceError('usage', 'Say which keys to test: either KEY… or --all.', {
      hint: 'balance keys test --all, or --provider NAME for those of one provider.',
    })
  }
  if (provider !== undefined) await (await session.store()).provider(provider)
  // What speaks HTTP costs most of a command's start.
  const { testKeys } = await import('../key-tests.ts')
  await testKeys(session, await keysNamed(session, given), provider)
}
