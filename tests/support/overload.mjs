// Asks a gateway for more than it can do, from a process of its own. It is the upstream, too, which
// answers at once, so that nobody but the gateway can be the slow one. Usage:
// node overload.mjs; then a line of JSON each on stdin: {port, token, ms, rate, connections};
// rate 0: each connection asks again when it was answered. A line of JSON on stdout for each.
import { createServer, connect } from 'node:net'
import { createInterface } from 'node:readline'

const ANSWER = '{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
const REPLY = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`,
)
const BODY = '{"model":"mock-large","messages":[{"role":"user","content":"Hi"}]}'
const TICK_MS = 5
const PATIENCE_MS = 10_000

/** A request to us is its head and a body of a length that is always the same: both come together. */
const upstream = createServer({ noDelay: true }, socket => {
  let got = 0
  let length = 0
  socket.on('error', () => {})
  socket.on('data', chunk => {
    if (length === 0) {
      const text = chunk.toString('latin1')
      length = text.indexOf('\r\n\r\n') + 4 + BODY.length
    }
    got += chunk.length
    while (length > 0 && got >= length) {
      got -= length
      socket.write(REPLY)
    }
    if (got === 0) length = 0
  })
})

class Round {
  constructor({ port, token, ms, rate, connections }) {
    this.port = port
    this.request = Buffer.from(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
    )
    this.rate = rate
    this.ms = ms
    this.connections = connections
    this.idle = []
    this.open = 0
    this.sent = 0
    this.good = 0
    this.shed = 0
    this.failed = 0
    this.unsent = 0
    this.times = []
    /** Good answers in each half second. */
    this.halves = []
  }

  run() {
    this.began = performance.now()
    this.over = false
    if (this.rate === 0) for (let n = 0; n < this.connections; n++) this.ask()
    const timer = this.rate === 0 ? null : setInterval(() => this.sendDue(), TICK_MS)
    const patience = setInterval(() => this.giveUp(), 1_000)
    return new Promise(resolve =>
      setTimeout(() => {
        this.over = true
        clearInterval(timer)
        clearInterval(patience)
        const { sent, good, shed, failed, unsent, halves } = this
        const times = this.times.sort((a, b) => a - b)
        const at = share => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0)
        for (const socket of this.sockets ?? []) socket.destroy()
        resolve({ sent, good, shed, failed, unsent, halves, p50: at(0.5), p99: at(0.99) })
      }, this.ms),
    )
  }

  /** Idle connections are kept: to make them anew is not what is measured. */
  giveUp() {
    const since = performance.now() - PATIENCE_MS
    for (const socket of this.sockets ?? []) {
      if (socket.began !== 0 && socket.began < since) socket.destroy()
    }
  }

  sendDue() {
    const due = Math.floor(((performance.now() - this.began) / 1_000) * this.rate)
    while (this.sent + this.unsent < due) {
      if (this.idle.length === 0 && this.open >= this.connections) this.unsent++
      else this.ask()
    }
  }

  ask() {
    this.sent++
    const socket = this.idle.pop() ?? this.opened()
    socket.began = performance.now()
    socket.write(this.request)
  }

  opened() {
    this.open++
    this.sockets ??= new Set()
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true })
    this.sockets.add(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('close', () => {
      this.open--
      this.sockets.delete(socket)
      if (socket.began !== 0) this.failed++
      if (this.rate === 0 && !this.over) this.ask()
    })
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      if (text.length < end + 4 + length) return
      this.count(text, socket.began)
      socket.began = 0
      text = ''
      if (this.rate > 0) this.idle.push(socket)
      else if (!this.over) {
        this.sent++
        socket.began = performance.now()
        socket.write(this.request)
      }
    })
    return socket
  }

  count(text, began) {
    const now = performance.now()
    if (text.startsWith('HTTP/1.1 200')) {
      this.good++
      this.times.push(now - began)
      const half = Math.floor((now - this.began) / 500)
      this.halves[half] = (this.halves[half] ?? 0) + 1
    } else if (text.startsWith('HTTP/1.1 503')) this.shed++
    else this.failed++
  }
}

upstream.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: upstream.address().port })))
createInterface({ input: process.stdin }).on('line', async line => {
  console.log(JSON.stringify(await new Round(JSON.parse(line)).run()))
})
