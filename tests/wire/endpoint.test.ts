import { describe, expect, it } from 'vitest'
import { dialectNamed, dialectOf } from '../../src/wire/dialects.ts'
import { endpointOf, modelInPath } from '../../src/wire/endpoint.ts'

describe('endpointOf', () => {
  it.each([
    ['POST', '/v1/chat/completions', 'chat.completions', 'openai', true, 'generate', 'body'],
    ['POST', '/v1/completions', 'completions', 'openai', true, 'generate', 'body'],
    ['POST', '/v1/embeddings', 'embeddings', 'openai', true, 'generate', 'body'],
    ['POST', '/v1/responses', 'responses', 'openai', true, 'generate', 'body'],
    ['POST', '/v1/responses/input_tokens', 'responses.count', 'openai', false, 'read', 'body'],
    ['GET', '/v1/responses/resp_1', 'other', 'openai', false, 'read', 'none'],
    ['POST', '/v1/responses/resp_1/cancel', 'other', 'openai', false, 'stateful', 'none'],
    ['DELETE', '/v1/responses/resp_1', 'other', 'openai', false, 'stateful', 'none'],
    ['GET', '/v1/chat/completions', 'other', 'openai', false, 'read', 'none'],
    ['POST', '/v1/images/generations', 'images', 'openai', true, 'generate', 'body'],
    ['POST', '/v1/audio/speech', 'audio.speech', 'openai', true, 'generate', 'body'],
    [
      'POST',
      '/v1/audio/transcriptions',
      'audio.transcriptions',
      'openai',
      true,
      'generate',
      'body',
    ],
    ['POST', '/v1/moderations', 'moderations', 'openai', false, 'read', 'body'],
    ['GET', '/v1/models', 'models', 'openai', false, 'read', 'none'],
    ['GET', '/v1/models/gpt-4o', 'models.one', 'openai', false, 'read', 'path'],
    ['DELETE', '/v1/models/ft:x', 'other', 'openai', false, 'stateful', 'none'],
    ['POST', '/v1/files', 'other', 'openai', false, 'stateful', 'none'],
    ['GET', '/v1/files/f/content', 'other', 'openai', false, 'read', 'none'],
    ['POST', '/v1/batches', 'other', 'openai', false, 'stateful', 'none'],
    ['POST', '/v1/engines/davinci/completions', 'completions', 'openai', true, 'generate', 'path'],
    ['POST', '/v1/messages', 'messages', 'anthropic', true, 'generate', 'body'],
    ['POST', '/v1/messages/count_tokens', 'messages.count', 'anthropic', false, 'read', 'body'],
    ['POST', '/v1/messages/batches', 'messages.other', 'anthropic', false, 'stateful', 'none'],
    ['GET', '/v1/messages/batches/b', 'messages.other', 'anthropic', false, 'read', 'none'],
    [
      'POST',
      '/v1beta/models/g:generateContent',
      'generateContent',
      'gemini',
      true,
      'generate',
      'path',
    ],
    [
      'POST',
      '/v1beta/models/g:streamGenerateContent',
      'generateContent',
      'gemini',
      true,
      'generate',
      'path',
    ],
    ['POST', '/v1/models/g:generateContent', 'generateContent', 'gemini', true, 'generate', 'path'],
    ['POST', '/v1beta/models/g:embedContent', 'embedContent', 'gemini', true, 'generate', 'path'],
    ['POST', '/v1beta/models/g:countTokens', 'countTokens', 'gemini', false, 'read', 'path'],
    ['POST', '/v1beta/models/g:unheardOf', 'other', 'gemini', false, 'stateful', 'none'],
    ['GET', '/v1beta/models', 'models', 'gemini', false, 'read', 'none'],
    [
      'POST',
      '/v1beta/openai/chat/completions',
      'chat.completions',
      'openai',
      true,
      'generate',
      'body',
    ],
    [
      'POST',
      '/api/paas/v4/chat/completions',
      'chat.completions',
      'openai',
      true,
      'generate',
      'body',
    ],
    ['POST', '/chat/completions', 'chat.completions', 'openai', true, 'generate', 'body'],
    [
      'POST',
      '/openai/deployments/d/chat/completions',
      'chat.completions',
      'openai',
      true,
      'generate',
      'path',
    ],
    ['POST', '/openai/v1/responses', 'responses', 'openai', true, 'generate', 'body'],
    ['GET', '/', 'other', 'openai', false, 'read', 'none'],
    ['POST', '/v1', 'other', 'openai', false, 'stateful', 'none'],
    ['POST', '/v1/chat/completions/x', 'other', 'openai', false, 'stateful', 'none'],
  ] as const)('%s %s is %s', (method, path, name, dialect, generate, repeat, model) => {
    expect(endpointOf(method, path)).toMatchObject({ name, dialect, generate, repeat, model })
  })

  it('knows where a form names the model', () => {
    const forms = [
      'audio/transcriptions',
      'audio/translations',
      'images/edits',
      'images/variations',
    ]
    for (const path of [...forms, 'videos'])
      expect(endpointOf('POST', `/v1/${path}`)).toMatchObject({ model: 'body', form: true })
    for (const path of ['files', 'uploads/u/parts', 'videos/edits', 'images/generations'])
      expect(endpointOf('POST', `/v1/${path}`).form).toBe(false)
    const deployed = '/openai/deployments/d/audio/transcriptions'
    expect(endpointOf('POST', deployed)).toMatchObject({ model: 'path', form: false })
  })

  it('finds the model that a path names', () => {
    expect(modelInPath('/v1beta/models/gemini-2.5-flash:streamGenerateContent')).toBe(
      'gemini-2.5-flash',
    )
    expect(modelInPath('/v1beta/models/a%20b:generateContent')).toBe('a b')
    expect(modelInPath('/openai/deployments/my-gpt/chat/completions')).toBe('my-gpt')
    expect(modelInPath('/v1/engines/davinci/completions')).toBe('davinci')
    expect(modelInPath('/v1beta/models/%E0%A4%A:generateContent')).toBeNull()
    expect(modelInPath('/v1/chat/completions')).toBeNull()
  })

  it('gives the dialect of each endpoint, and responses their own error event', () => {
    expect(dialectOf(endpointOf('POST', '/v1/messages'))).toBe(dialectNamed('anthropic'))
    expect(dialectOf(endpointOf('POST', '/v1/chat/completions'))).toBe(dialectNamed('openai'))
    const responses = dialectOf(endpointOf('POST', '/v1/responses'))
    expect(responses.name).toBe('openai')
    expect(responses.errorEvent).not.toBe(dialectNamed('openai').errorEvent)
  })
})
