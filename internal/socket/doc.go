// Package socket reads and writes sockets without waiting for them.
//
// A net.Conn's Read always tries before it waits: right after a request was written or answered there is nothing to read, and that is a system
// call for nothing. Who reads within the callback of the socket's Read (Raw), and returns false from it when the last read has not
// filled its buffer, waits without trying: within the callback the poller keeps what it is told meanwhile, so nothing is
// missed. But for one thing: an end of the connection that has come together with the last bytes makes no event of its own.
package socket
