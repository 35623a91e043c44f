import type { Address, Place } from './address.ts'
import { type FixedQuery, hasParameter } from './fixed-query.ts'
import { joinUpstream, originForm } from './path.ts'

/**
 * The last version of the dated API that is generally available.
 * https://learn.microsoft.com/azure/ai-foundry/openai/reference#rest-api-versioning
 */
export const AZURE_VERSION = '2024-10-21'

/** What is asked of a deployment, which is named in the path; the rest belongs to the resource. */
const OF_DEPLOYMENT: ReadonlySet<string> = new Set([
  'chat/completions',
  'completions',
  'embeddings',
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
])

const DATED = /^\d{4}-\d\d-\d\d/

/**
 * Azure OpenAI. Of its two APIs the base URL says which is meant:
 * - `https://NAME.openai.azure.com`, with or without `/openai`: the dated one, whose models are
 *   deployments, `/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21`
 *   (https://learn.microsoft.com/azure/ai-foundry/openai/reference);
 * - `https://NAME.openai.azure.com/openai/v1`: OpenAI's paths as they are, without a date
 *   (https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
 *
 * A path that begins with `/openai/` is Azure's own, and kept.
 */
export function azureAddress({ basePath, apiVersion }: Place, withFixed: FixedQuery): Address {
  const root = basePath.replace(/\/openai(?:\/v1)?$/, '')
  const base = root + (basePath.endsWith('/openai/v1') ? '/openai/v1' : '/openai')
  const dated = base === `${root}/openai`
  const version = apiVersion === '' || DATED.test(apiVersion) ? '' : apiVersion
  const date = DATED.test(apiVersion) ? apiVersion : AZURE_VERSION
  return {
    of: (path, query, model) => {
      const below = path.startsWith('/openai/') ? root + path : place(path, model)
      return originForm(below + withVersion(below.slice(root.length), withFixed(query)))
    },
    needsModel: path => dated && OF_DEPLOYMENT.has(operation(path)),
  }

  function place(path: string, model: string | null): string {
    if (!path.startsWith('/v1/')) return root + path
    if (!dated) return joinUpstream(base, path, '')
    const rest = operation(path)
    const of = OF_DEPLOYMENT.has(rest) && isDeployment(model) ? `/deployments/${model}` : ''
    return `${base}${of}/${rest}`
  }

  function withVersion(path: string, query: string): string {
    const wanted = path.startsWith('/openai/v1/')
      ? version
      : path.startsWith('/openai/')
        ? date
        : ''
    if (wanted === '' || hasParameter(query, 'api-version')) return query
    return `${query === '' ? '?' : `${query}&`}api-version=${wanted}`
  }
}

/** Whether a model can be the name of a deployment, and so a segment of a path. */
export function isDeployment(model: string | null): model is string {
  return model !== null && /^(?!\.{1,2}$)[\w.~-]{1,128}$/.test(model)
}

/** A client's path without the version that it calls by. */
function operation(path: string): string {
  return path.startsWith('/v1/') ? path.slice('/v1/'.length) : ''
}
