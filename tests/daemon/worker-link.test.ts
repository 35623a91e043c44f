import { expect, it } from 'vitest'
import { WorkerLink } from '../../src/daemon/worker-link.ts'
import type { ToDaemon } from '../../src/daemon/worker-message.ts'

const DOCUMENT = { contentType: 'text/plain', text: 'x 1\n' }

it('a worker asks its daemon for metrics once, however many clients ask meanwhile', async () => {
  const sent: ToDaemon[] = []
  const link = new WorkerLink(message => sent.push(message))
  const asked = [link.expose(), link.expose(), link.expose()]
  expect(sent).toEqual([{ kind: 'expose' }])
  link.exposed({ kind: 'exposed', exposition: DOCUMENT, error: null })
  expect(await Promise.all(asked)).toEqual([DOCUMENT, DOCUMENT, DOCUMENT])
  const refused = link.expose()
  expect(sent).toHaveLength(2)
  link.exposed({ kind: 'exposed', exposition: null, error: 'Error: no' })
  await expect(refused).rejects.toThrow('Error: no')
})
