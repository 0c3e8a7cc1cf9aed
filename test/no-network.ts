import net from 'node:net'

/** Unit tests take plain values: a socket opened by one is a bug in it. */
net.Socket.prototype.connect = () => {
  throw new Error('A unit test opened a connection; move it to test/contract or test/integration.')
}
