import type { ProviderKind } from '../model/catalog.ts'
import { quoted, quotedForFish, type Shell } from './shell-words.ts'

/** What a client program is told, so that it calls this gateway. */
export interface ClientSetup {
  /** Variables to set, in the order in which they are read. */
  readonly variables: Readonly<Record<string, string>>
  /** Variables that it would take before those, and must not find. */
  readonly unset: readonly string[]
  /** What to type elsewhere, or to run; none where the variables are all. */
  readonly lines: readonly string[]
}

export interface Client {
  /** In a line: which programs these are. */
  readonly title: string
  /** The API that it speaks, and so the kind of provider it needs. */
  readonly speaks: ProviderKind
  /** What its owner must know; empty where there is nothing. */
  readonly note: string
  /** @param url of the gateway, without a path */
  setup(url: string, token: string): ClientSetup
}

/** Clients that `balance env` knows, by the name it takes. */
export const CLIENTS = {
  /** node_modules/openai/client.js: readEnv('OPENAI_BASE_URL'), readEnv('OPENAI_API_KEY'); its default base ends in /v1. */
  openai: {
    title: "OpenAI's SDKs, and what is made with them",
    speaks: 'openai',
    note: '',
    setup: (url, token) => variables({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: token }),
  },
  /** node_modules/@anthropic-ai/sdk/client.js: readEnv('ANTHROPIC_BASE_URL'), to which it adds /v1 itself. */
  anthropic: {
    title: "Anthropic's SDKs",
    speaks: 'anthropic',
    note: '',
    setup: (url, token) =>
      variables({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: token }, ['ANTHROPIC_AUTH_TOKEN']),
  },
  /** https://docs.anthropic.com/en/docs/claude-code/llm-gateway: the token goes as a bearer, and an API key beside it comes first. */
  'claude-code': {
    title: 'Claude Code',
    speaks: 'anthropic',
    note: '',
    setup: (url, token) =>
      variables({ ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: token }, ['ANTHROPIC_API_KEY']),
  },
  /**
   * https://github.com/googleapis/js-genai: GOOGLE_GEMINI_BASE_URL, to which it adds /v1beta itself;
   * https://ai.google.dev/gemini-api/docs/api-key: GOOGLE_API_KEY comes before GEMINI_API_KEY.
   */
  gemini: {
    title: "Google's Gen AI SDK and the Gemini CLI with an API key",
    speaks: 'gemini',
    note: 'The Gemini CLI must use an API key, not a Google account.',
    setup: (url, token) =>
      variables({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: token }, ['GOOGLE_API_KEY']),
  },
  /** node_modules/openai/azure.js: readEnv('AZURE_OPENAI_ENDPOINT'), to which it adds /openai itself. */
  azure: {
    title: "Azure's client in OpenAI's SDKs",
    speaks: 'azure',
    note: 'Its endpoint ends in the name of the provider, which is azure here.',
    setup: (url, token) =>
      variables(
        {
          AZURE_OPENAI_ENDPOINT: `${url}/azure`,
          AZURE_OPENAI_API_KEY: token,
          OPENAI_API_VERSION: '2024-10-21',
        },
        ['OPENAI_BASE_URL'],
      ),
  },
  /**
   * https://developers.openai.com/codex/config-reference: it speaks the Responses API alone, and by a
   * WebSocket unless it is told not to.
   */
  codex: {
    title: 'Codex CLI',
    speaks: 'openai',
    note: 'The provider must have the Responses API.',
    setup: (url, token) => ({
      variables: { OPENAI_API_KEY: token },
      unset: [],
      lines: [
        '# ~/.codex/config.toml:',
        '#   model_provider = "balance"',
        '#   [model_providers.balance]',
        '#   name = "Balance"',
        `#   base_url = "${url}/v1"`,
        '#   env_key = "OPENAI_API_KEY"',
        '#   wire_api = "responses"',
        '#   supports_websockets = false',
      ],
    }),
  },
  /** https://aider.chat/docs/llms/openai-compat.html */
  aider: {
    title: 'aider',
    speaks: 'openai',
    note: 'Put openai/ in front of the model: aider --model openai/gpt-4o.',
    setup: (url, token) => variables({ OPENAI_API_BASE: `${url}/v1`, OPENAI_API_KEY: token }),
  },
  /** https://docs.cursor.com/settings/api-keys: its own servers make the requests. */
  cursor: {
    title: 'Cursor',
    speaks: 'openai',
    note: "Cursor's own servers make the requests: the gateway needs an address on the internet, behind TLS.",
    setup: (url, token) => ({
      variables: {},
      unset: [],
      lines: [
        '# Cursor Settings > Models > API Keys:',
        `#   OpenAI API Key            ${token}`,
        `#   Override OpenAI Base URL  ${url}/v1`,
      ],
    }),
  },
  curl: {
    title: 'curl: a first request',
    speaks: 'openai',
    note: '',
    setup: (url, token) => ({
      variables: {},
      unset: [],
      lines: [`curl ${url}/v1/models -H ${quoted(`Authorization: Bearer ${token}`)}`],
    }),
  },
} as const satisfies Readonly<Record<string, Client>>

export type ClientName = keyof typeof CLIENTS

export const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[]

/** Stands where no token is known; a client that is given it is answered with 401. */
export const UNKNOWN_TOKEN = 'your-client-token'

/** A client's setup as lines that the shell takes, by paste or by `eval`. */
export function shellLines({ variables, unset, lines }: ClientSetup, shell: Shell): string[] {
  const fish = shell === 'fish'
  return [
    ...unset.map(name => (fish ? `set -e ${name}` : `unset ${name}`)),
    ...Object.entries(variables).map(([name, value]) =>
      fish ? `set -gx ${name} ${quotedForFish(value)}` : `export ${name}=${quoted(value)}`,
    ),
    ...lines,
  ]
}

function variables(set: Readonly<Record<string, string>>, unset: readonly string[] = []) {
  return { variables: set, unset, lines: [] }
}
