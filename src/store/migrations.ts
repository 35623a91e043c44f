import type { ColumnTypes } from './dialect.ts'

/** Two files of SQLite, which are synchronised with different care; one database of MySQL. */
export type Part = 'control' | 'log'

interface Migration {
  readonly part: Part
  readonly name: string
  statements(types: ColumnTypes): string[]
}

/**
 * In order, per part; one that was released is never changed.
 * On MySQL each statement commits by itself, so a run cut short begins its migration again.
 */
export const MIGRATIONS: readonly Migration[] = [
  { part: 'control', name: 'control tables', statements: controlTables },
  { part: 'log', name: 'request and error log', statements: logTables },
  { part: 'log', name: 'last batch of each node', statements: batchTable },
  { part: 'control', name: 'who learned it', statements: memoryNode },
  { part: 'control', name: 'routes', statements: routeTable },
  { part: 'control', name: 'outages of providers', statements: outageTable },
  { part: 'control', name: 'who owns a token', statements: tokenOrigin },
  { part: 'log', name: 'where imported rows are', statements: importedTable },
  { part: 'log', name: 'failed attempts by time', statements: failureTimes },
  { part: 'control', name: 'the dashboard: password and sessions', statements: adminTables },
  { part: 'control', name: 'objects and their keys', statements: objectTable },
  { part: 'control', name: 'egress proxies', statements: proxyTable },
]

function controlTables(types: ColumnTypes): string[] {
  const { serial, text, longText, integer, digest, bytes, table } = types
  const id = text(16)
  const name = text(64)
  const origin = text(8)
  return [
    `create table revision (
      id ${integer} not null primary key,
      number ${integer} not null,
      learned ${integer} not null
    ) ${table}`,
    'delete from revision',
    'insert into revision (id, number, learned) values (1, 0, 0)',
    `create table audit (
      id ${serial},
      revision ${integer} not null,
      time ${integer} not null,
      who ${text(256)} not null,
      command ${text(256)} not null,
      action ${text(64)} not null,
      subject ${text(256)} not null,
      before_value ${longText},
      after_value ${longText}
    ) ${table}`,
    `create table vault (
      id ${integer} not null primary key,
      check_value ${digest} not null,
      wrapped ${bytes} not null,
      source ${text(1_024)} not null,
      created_at ${integer} not null
    ) ${table}`,
    `create table settings (
      name ${name} not null,
      origin ${origin} not null,
      value ${longText} not null,
      primary key (name, origin)
    ) ${table}`,
    `create table providers (
      seq ${serial},
      id ${id} not null unique,
      name ${name} not null unique,
      path ${name} unique,
      kind ${text(16)} not null,
      base_url ${text(2_048)} not null,
      enabled ${integer} not null,
      overrides ${longText} not null,
      origin ${origin} not null,
      created_at ${integer} not null
    ) ${table}`,
    `create table provider_keys (
      seq ${serial},
      id ${id} not null unique,
      provider_id ${id} not null,
      label ${name} not null,
      weight ${integer} not null,
      tier ${integer} not null,
      enabled ${integer} not null,
      generation ${integer} not null,
      masked ${text(1_024)} not null,
      reference ${text(1_024)},
      sealed ${bytes},
      fingerprint ${digest} not null,
      rpm ${integer},
      concurrency ${integer},
      origin ${origin} not null,
      created_at ${integer} not null,
      unique (provider_id, label),
      unique (provider_id, fingerprint)
    ) ${table}`,
    `create table memories (
      key_id ${id} not null primary key,
      generation ${integer} not null,
      number ${integer} not null,
      learned ${longText} not null,
      saved_at ${integer} not null
    ) ${table}`,
    'create index memories_number on memories (number)',
    `create table tokens (
      seq ${serial},
      id ${id} not null unique,
      name ${name} not null unique,
      hash ${digest} not null unique,
      masked ${text(64)} not null,
      weak ${integer} not null,
      providers ${longText},
      models ${longText},
      rpm ${integer},
      concurrency ${integer},
      expires_at ${integer},
      created_at ${integer} not null
    ) ${table}`,
    `create table nodes (
      id ${text(256)} not null primary key,
      url ${text(256)} not null,
      version ${text(64)} not null,
      workers ${integer} not null,
      revision ${integer} not null,
      started ${integer} not null,
      seen ${integer} not null
    ) ${table}`,
    `create table leases (
      work ${text(64)} not null primary key,
      node ${text(256)} not null,
      ends_at ${integer} not null
    ) ${table}`,
  ]
}

function logTables({ serial, text, integer, real, table, keyed }: ColumnTypes): string[] {
  const cut = text(256)
  return [
    `create table exchanges (
      id ${serial},
      time ${integer} not null,
      node ${cut} not null,
      request_id ${cut} not null,
      token ${cut},
      provider ${cut},
      key_id ${cut},
      model ${cut},
      model_served ${cut},
      method ${cut} not null,
      path ${cut} not null,
      status ${integer} not null,
      outcome ${cut} not null,
      attempts ${integer} not null,
      stream ${integer} not null,
      bytes_in ${integer} not null,
      bytes_out ${integer} not null,
      first_byte_ms ${real},
      first_token_ms ${real},
      ms ${real} not null,
      prompt_tokens ${integer},
      cached_tokens ${integer},
      completion_tokens ${integer},
      reasoning_tokens ${integer},
      error_code ${cut}
    ) ${table}`,
    'create index exchanges_request_id on exchanges (request_id)',
    `create table failures (
      id ${serial},
      exchange_id ${integer} not null,
      request_id ${cut} not null,
      time ${integer} not null,
      attempt ${integer} not null,
      provider ${cut} not null,
      key_id ${cut} not null,
      model ${cut},
      status ${integer},
      fault ${cut} not null,
      code ${cut} not null,
      excerpt ${text(2_048)} not null,
      ms ${real} not null
    ) ${table}`,
    'create index failures_exchange_id on failures (exchange_id)',
    'create index failures_request_id on failures (request_id)',
    `create table rollups (
      dimension ${text(8)} not null,
      hour ${integer} not null,
      name ${cut} not null,
      requests ${integer} not null,
      errors ${integer} not null,
      attempts ${integer} not null,
      prompt_tokens ${integer} not null,
      cached_tokens ${integer} not null,
      completion_tokens ${integer} not null,
      reasoning_tokens ${integer} not null,
      ms ${real} not null,
      primary key (dimension, hour, name)
    ) ${keyed}`,
  ]
}

function memoryNode({ text }: ColumnTypes): string[] {
  return [`alter table memories add column node ${text(256)}`]
}

function routeTable({ serial, text, integer, table }: ColumnTypes): string[] {
  return [
    `create table routes (
      seq ${serial},
      id ${text(16)} not null unique,
      model ${text(256)} not null,
      provider_id ${text(16)} not null,
      target_model ${text(256)} not null,
      weight ${integer} not null,
      tier ${integer} not null,
      origin ${text(8)} not null,
      created_at ${integer} not null,
      unique (model, provider_id, target_model)
    ) ${table}`,
  ]
}

function outageTable({ text, longText, integer, table }: ColumnTypes): string[] {
  return [
    `alter table providers add column generation ${integer} not null default 1`,
    `create table outages (
      provider_id ${text(16)} not null primary key,
      generation ${integer} not null,
      number ${integer} not null,
      learned ${longText} not null
    ) ${table}`,
    'create index outages_number on outages (number)',
  ]
}

/** One row of the password; sessions by the hash of what their cookie holds. */
function adminTables({ text, integer, digest, bytes, table }: ColumnTypes): string[] {
  return [
    `create table admin_password (
      id ${integer} not null primary key,
      hash ${digest} not null,
      salt ${bytes} not null,
      cost ${integer} not null,
      block_size ${integer} not null,
      parallelization ${integer} not null,
      changed_at ${integer} not null
    ) ${table}`,
    `create table admin_sessions (
      hash ${digest} not null primary key,
      id ${text(16)} not null unique,
      created_at ${integer} not null,
      seen_at ${integer} not null,
      expires_at ${integer} not null,
      peer ${text(64)} not null
    ) ${table}`,
  ]
}

/** Objects of vendors: by id, which may be the same at two providers. */
function objectTable({ text, integer, table }: ColumnTypes): string[] {
  return [
    `create table objects (
      id ${text(255)} not null,
      provider_id ${text(16)} not null,
      key_id ${text(16)} not null,
      token_id ${text(16)} not null,
      used_at ${integer} not null,
      primary key (id, provider_id)
    ) ${table}`,
    'create index objects_used_at on objects (used_at)',
    'create index objects_key_id on objects (key_id)',
  ]
}

function proxyTable({ serial, text, integer, bytes, table }: ColumnTypes): string[] {
  return [
    `alter table provider_keys add column proxy ${text(1_024)}`,
    `create table proxies (
      seq ${serial},
      id ${text(16)} not null unique,
      name ${text(64)} not null unique,
      url ${text(2_048)} not null,
      enabled ${integer} not null,
      reference ${text(1_024)},
      sealed ${bytes},
      origin ${text(8)} not null,
      created_at ${integer} not null
    ) ${table}`,
  ]
}

/** Until now they came from commands alone. */
function tokenOrigin({ text }: ColumnTypes): string[] {
  return [`alter table tokens add column origin ${text(8)} not null default 'command'`]
}

/** Tells a node whether a batch that it got no answer for was written. */
function batchTable({ text, integer, table }: ColumnTypes): string[] {
  return [
    `create table batches (
      node ${text(256)} not null primary key,
      id ${text(36)} not null,
      time ${integer} not null
    ) ${table}`,
  ]
}

/** Rows that were imported have young ids and old times. */
function importedTable({ text, integer, table }: ColumnTypes): string[] {
  return [
    `create table imported_spans (
      kind ${text(16)} not null,
      first_id ${integer} not null,
      last_id ${integer} not null,
      oldest ${integer} not null,
      primary key (kind, first_id)
    ) ${table}`,
    'create index imported_spans_oldest on imported_spans (kind, oldest)',
  ]
}

/** Who failed by what fault and when, without a look at the rows; only what fails costs its upkeep. */
function failureTimes(): string[] {
  return ['create index failures_time on failures (time, key_id, fault)']
}
