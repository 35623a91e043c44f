import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serviceFiles, thisProgram } from './service-install.ts'
import { agree, type Layout } from './service-layout.ts'
import type { ServiceStatusShape } from './shapes/service.ts'
import { systemctl, systemdRuns, UNITS } from './systemctl.ts'
import { card, type Field } from './table.ts'

/** What is installed, and what systemd says of it. */
export async function serviceState(layout: Layout): Promise<ServiceStatusShape> {
  return {
    scope: layout.scope,
    units: installedUnits(layout),
    current: isCurrent(layout),
    state: layout.root === '' && systemdRuns() ? await stateOf(layout) : null,
  }
}

/** The paths of the units that are there. */
export function installedUnits({ root, unitFolder }: Layout): string[] {
  return UNITS.map(unit => join(unitFolder, unit)).filter(path => existsSync(join(root, path)))
}

function isCurrent(layout: Layout): boolean {
  const agreement = agree(layout, { store: undefined, listen: undefined })
  return serviceFiles(layout, agreement, thisProgram())
    .filter(({ kept }) => !kept)
    .every(({ path, content }) => {
      const place = join(layout.root, path)
      return existsSync(place) && readFileSync(place, 'utf8') === content
    })
}

async function stateOf({ scope }: Layout): Promise<ServiceStatusShape['state']> {
  const show = async (unit: string) =>
    new Map(
      (await systemctl(scope, 'show', unit, '--property', PROPERTIES))
        .trim()
        .split('\n')
        .map(line => line.split(/=(.*)/s) as [string, string]),
    )
  const [service, socket] = [await show('balance.service'), await show('balance.socket')]
  const pid = Number(service.get('MainPID'))
  return {
    service: `${service.get('ActiveState')} (${service.get('SubState')})`,
    socket: `${socket.get('ActiveState')} (${socket.get('SubState')})`,
    enabled: service.get('UnitFileState') ?? '',
    status: service.get('StatusText') ?? '',
    pid: pid > 0 ? pid : null,
  }
}

const PROPERTIES = 'ActiveState,SubState,UnitFileState,StatusText,MainPID'

export function readableState({ units, current, state }: ServiceStatusShape): string {
  const told: Field[] =
    state === null
      ? [['systemd', 'does not run here']]
      : [
          ['service', state.service],
          ['socket', state.socket],
          ['at boot', state.enabled],
          ['says', state.status],
          ['pid', state.pid],
        ]
  return card([['units', `${units.join(', ')}${current ? '' : ' (not of this version)'}`], ...told])
}
