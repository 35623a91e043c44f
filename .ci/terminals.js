import { execFileSync } from 'node:child_process'

/** How often a screen is looked at, ms. */
const LOOK_EVERY = 50

/** Terminals of a person, side by side: windows of a tmux server of its own. */
export class Terminals {
  #tmux
  #count = 0

  /** @param env all that the shells in them know of */
  constructor({ cwd, env, columns = 100, rows = 60 }) {
    const socket = `balance-first-run-${process.pid}`
    this.#tmux = (...args) =>
      execFileSync('tmux', ['-u', '-L', socket, '-f', '/dev/null', ...args], {
        env,
        encoding: 'utf8',
      })
    this.options = ['-c', cwd, 'bash --norc --noprofile']
    const size = ['-x', String(columns), '-y', String(rows)]
    this.#tmux('new-session', '-d', '-s', 'first', ...size, ...this.options)
    this.#tmux('set-option', '-g', 'history-limit', '5000')
  }

  async open() {
    const number = this.#count++
    if (number > 0) this.#tmux('new-window', '-t', `first:${number}`, ...this.options)
    const terminal = new Terminal(this.#tmux, `first:${number}`)
    await terminal.begin()
    return terminal
  }

  close() {
    this.#tmux('kill-server')
  }
}

class Terminal {
  #tmux
  #name

  constructor(tmux, name) {
    this.#tmux = tmux
    this.#name = name
  }

  async begin() {
    await this.until(screen => screen.trim() !== '', 'a prompt')
    this.type("PS1='$ '; clear")
    await this.free()
    await this.clear()
  }

  /** A line and Enter. */
  type(text) {
    if (text !== '') this.#tmux('send-keys', '-t', this.#name, '-l', text)
    this.press('Enter')
  }

  press(key) {
    this.#tmux('send-keys', '-t', this.#name, key)
  }

  /** Everything on it, also what has scrolled away, without the prompt that waits. */
  get screen() {
    const all = this.#tmux('capture-pane', '-p', '-J', '-S', '-', '-t', this.#name)
    return all.replace(/[ \t]+$/gm, '').replace(/\n+$/, '')
  }

  /** Of a shell that waits for a command: leaves its prompt alone. */
  async clear() {
    this.press('C-l')
    await this.until(() => this.#visible === '$', 'a clear screen')
    this.#tmux('clear-history', '-t', this.#name)
  }

  get #visible() {
    return this.#tmux('capture-pane', '-p', '-t', this.#name).trim()
  }

  /** Until the shell asks for a command again. */
  async free(seconds) {
    await this.until(screen => /\$$/.test(screen), 'the prompt', seconds)
  }

  async shows(text, seconds) {
    await this.until(screen => screen.includes(text), `"${text}"`, seconds)
  }

  async until(holds, what, seconds = 30) {
    const deadline = performance.now() + seconds * 1_000
    while (!holds(this.screen)) {
      if (performance.now() > deadline) {
        throw new Error(`Not within ${seconds} s: ${what}. The screen:\n${this.screen}`)
      }
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY))
    }
  }
}
