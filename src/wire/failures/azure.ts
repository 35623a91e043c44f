import type { FailureTable } from './rule.ts'

/**
 * Azure OpenAI and the API Management before it, which answers with a flat `{statusCode, message}`.
 * https://learn.microsoft.com/azure/ai-services/openai/reference,
 * https://learn.microsoft.com/azure/api-management/quota-policy
 */
export const AZURE: FailureTable = {
  rules: [
    { status: 404, code: ['DeploymentNotFound'], fault: 'client', retry: 'target' },
    // Foundry's word for a model that is none of its deployments.
    { status: [400, 404], code: ['unknown_model'], fault: 'client', retry: 'target' },
    // The resource takes Entra ID alone: no key is of use there.
    { status: 403, code: ['AuthenticationTypeDisabled'], fault: 'auth' },
    // "The system is currently experiencing high demand": everyone's, so that no key is cooled for it.
    { status: 429, code: ['NoCapacity'], fault: 'provider' },
    // A used-up quota tells when it is renewed; an address that is filtered out tells nothing.
    {
      status: 403,
      member: { at: 'statusCode', is: [403] },
      header: 'retry-after',
      fault: 'quota',
    },
    // "Access denied due to Virtual Network/Firewall rules.": no key is let in from here.
    {
      status: 403,
      code: ['403'],
      header: 'apim-request-id',
      fault: 'provider',
      retry: 'target',
    },
  ],
  statusOf: {
    content_filter: 400,
    ResponsibleAIPolicyViolation: 400,
    OperationNotSupported: 400,
    DeploymentNotFound: 404,
    unknown_model: 404,
    AuthenticationTypeDisabled: 403,
    RateLimitReached: 429,
    NoCapacity: 429,
  },
}
