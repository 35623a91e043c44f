import * as z from 'zod'
import type { ProxyStatus } from '../../model/proxy-status.ts'
import { text } from '../fields.ts'
import { change, read, rows } from '../operation.ts'
import type { ProxyTestShape } from '../shapes/proxy-test.ts'

const password = z.string().min(1).max(1_024)

/** A proxy is named by its id or its name. No answer has its password. */
export const PROXIES = {
  'proxies.list': read<readonly ProxyStatus[]>()(z.strictObject({})),
  /** The URL may have the password in it. */
  'proxies.add': change<ProxyStatus>()({
    name: text,
    url: text,
    password: password.exactOptional(),
  }),
  /** `password`: null for none any more. */
  'proxies.change': change<ProxyStatus>()({
    proxy: text,
    url: text.exactOptional(),
    password: z.nullable(password).exactOptional(),
    enabled: z.boolean().exactOptional(),
  }),
  'proxies.remove': change<{ readonly removed: string; readonly name: string }>()({ proxy: text }),
  /** All of them, unless named; `to`: the provider that each is asked for. */
  'proxies.test': rows<ProxyTestShape>()(
    z.strictObject({
      proxies: z.array(text).min(1).max(1_000).exactOptional(),
      to: text.exactOptional(),
    }),
  ),
}
