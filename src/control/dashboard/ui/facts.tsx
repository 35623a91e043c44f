import type { ComponentChildren } from 'preact'

/** A name and what belongs to it; `wide`: an address, which is ugly when it is broken. */
type Fact = readonly [name: string, value: ComponentChildren, width?: 'wide']

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value, width]) => (
        <div key={name} class={width}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
