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

const OBJECT = { id: 'file-1', providerId: 'p_1', keyId: 'k_1', tokenId: 't_1', usedAt: 1 }

it('a worker’s word about objects stands once the daemon said so, each by itself', async () => {
  const sent: ToDaemon[] = []
  const link = new WorkerLink(message => sent.push(message))
  const over: string[] = []
  const first = link.tell({ made: [OBJECT], gone: [] }).then(() => over.push('first'))
  const second = link.tell({ made: [], gone: [OBJECT] }).then(() => over.push('second'))
  expect(sent).toEqual([
    { kind: 'objects', id: 1, news: { made: [OBJECT], gone: [] } },
    { kind: 'objects', id: 2, news: { made: [], gone: [OBJECT] } },
  ])
  link.noted(2)
  await second
  expect(over).toEqual(['second'])
  link.noted(1)
  link.noted(7)
  await first
})

it('a worker asks its daemon about objects, but not without a bound', async () => {
  const sent: ToDaemon[] = []
  const link = new WorkerLink(message => sent.push(message))
  const asked = link.find(['file-1'])
  link.found(1, [OBJECT])
  expect(await asked).toEqual([OBJECT])
  for (let n = 0; n < 1_000; n++) void link.find(['file-2'])
  expect(await link.find(['file-3'])).toEqual([])
  expect(sent).toHaveLength(1_001)
})
