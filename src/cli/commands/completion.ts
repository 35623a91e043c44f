import type { Command } from 'commander'
import { COMPLETED_SHELLS, COMPLETION_SCRIPTS } from '../completion-scripts.ts'
import { oneOf } from '../option-values.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .argument('<shell>', COMPLETED_SHELLS.join(', '), oneOf('completion', COMPLETED_SHELLS))
    .addHelpText('after', HELP)
    .action(run(completion))
}

const HELP = `
Commands, options and settings are completed, and the names of what the store has where that is a
SQLite file: it is only read. The lines below last for one shell; to keep them, put them in
~/.bashrc or ~/.zshrc, or the script into ~/.config/fish/completions/balance.fish.

Examples:
  $ source <(balance completion bash)
  $ source <(balance completion zsh)
  $ balance completion fish | source`

async function completion(
  { out }: Session,
  shell: (typeof COMPLETED_SHELLS)[number],
): Promise<void> {
  const script = COMPLETION_SCRIPTS[shell]
  out.show({ shell, script }, () => script)
}
