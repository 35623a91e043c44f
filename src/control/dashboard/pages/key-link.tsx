import { go } from '../data/navigation.ts'

/** A key where only its id is known; it leads to its page. */
export function KeyLink({ id }: { id: string }) {
  return (
    <button type="button" class="link" onClick={() => go('keys', id)}>
      {id}
    </button>
  )
}
