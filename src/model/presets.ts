import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { ProviderKind } from './catalog.ts'

/** A vendor that `providers add NAME` and the configuration file know by name. */
export interface Preset {
  readonly kind: ProviderKind
  /** As the vendor prints it. */
  readonly baseUrl: string
  /** False for servers on one's own machine, which take any key. */
  readonly needsKey: boolean
  /** One line for whoever adds it; empty where there is nothing to know. */
  readonly note: string
}

export const PRESETS = {
  /** https://platform.openai.com/docs/api-reference/introduction */
  openai: vendor('openai', 'https://api.openai.com/v1'),
  /** https://docs.anthropic.com/en/api/overview */
  anthropic: vendor(
    'anthropic',
    'https://api.anthropic.com',
    "Anthropic's own API, at /v1/messages.",
  ),
  /** https://ai.google.dev/api and, for OpenAI clients, https://ai.google.dev/gemini-api/docs/openai */
  gemini: vendor(
    'gemini',
    'https://generativelanguage.googleapis.com',
    "Google's own API, at /v1beta/*. For OpenAI clients add a second provider of kind openai: https://generativelanguage.googleapis.com/v1beta/openai",
  ),
  /** https://api-docs.deepseek.com */
  deepseek: vendor('openai', 'https://api.deepseek.com'),
  /** https://openrouter.ai/docs/api-reference/overview */
  openrouter: vendor('openai', 'https://openrouter.ai/api/v1'),
  /** https://console.groq.com/docs/openai */
  groq: vendor('openai', 'https://api.groq.com/openai/v1'),
  /** https://docs.mistral.ai/api */
  mistral: vendor('openai', 'https://api.mistral.ai/v1'),
  /** https://docs.x.ai/docs/api-reference */
  xai: vendor('openai', 'https://api.x.ai/v1'),
  /** https://docs.together.ai/docs/inference/openai-compatibility */
  together: vendor('openai', 'https://api.together.ai/v1'),
  /** https://docs.ollama.com/api/openai-compatibility */
  ollama: local('http://localhost:11434/v1', 'Start it with: ollama serve'),
  /** https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html */
  vllm: local('http://localhost:8000/v1', 'Start it with: vllm serve MODEL'),
  /** https://lmstudio.ai/docs/developer/core/server */
  lmstudio: local('http://localhost:1234/v1', 'Start it with: lms server start'),
} as const satisfies Record<string, Preset>

/** The preset of this name; null where there is none. */
export function presetOf(name: string): Preset | null {
  return Object.hasOwn(PRESETS, name) ? PRESETS[name as keyof typeof PRESETS] : null
}

/** Requests are balanced over keys, so a server that asks for none is given one that says nothing. */
export const PLACEHOLDER_KEY = { value: new Secret('none-needed'), label: 'placeholder' }

export function noBaseUrl(name: string): BalanceError {
  return new BalanceError('usage', `${name} is no preset, so its base URL is needed.`, {
    hint: `balance providers add ${name} --base-url https://…/v1, or a preset: ${Object.keys(PRESETS).join(', ')}.`,
  })
}

function vendor(kind: ProviderKind, baseUrl: string, note = ''): Preset {
  return { kind, baseUrl, needsKey: true, note }
}

function local(baseUrl: string, note: string): Preset {
  return { kind: 'openai', baseUrl, needsKey: false, note }
}
