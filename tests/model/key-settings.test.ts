import { describe, expect, it } from 'vitest'
import { parseSetting } from '../../src/model/settings.ts'

describe('how a key is shown', () => {
  it.each([
    ['key_header', 'X-Api-Token', 'x-api-token'],
    ['key_header', '', ''],
    ['key_template', 'Token {key}', 'Token {key}'],
    ['key_template', '', ''],
    ['api_version', '2025-04-01-preview', '2025-04-01-preview'],
    [
      'query',
      '{"api-version":"preview","$filter":"a b"}',
      { 'api-version': 'preview', $filter: 'a b' },
    ],
  ] as const)('%s may be %j', (setting, given, value) => {
    expect(parseSetting(setting, given)).toEqual(value)
  })

  it.each([
    ['key_header', 'x api token'],
    ['key_header', 'Host'],
    ['key_header', 'transfer-encoding'],
    ['key_header', 'content-length'],
    ['key_template', 'Token'],
    ['key_template', '{key}{key}'],
    ['key_template', 'Token\r\nx: {key}'],
    ['api_version', '2025&key=x'],
    ['query', '{"key":"secret"}'],
    ['query', '{"a&b":"c"}'],
    ['query', '["a"]'],
    ['query', '{"a":"\\ud800"}'],
  ] as const)('%s may not be %j', (setting, given) => {
    expect(() => parseSetting(setting, given)).toThrow(setting)
  })
})
