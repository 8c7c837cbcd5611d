package link

import "net"

// aheadConn is a connection whose first bytes have been read already.
type aheadConn struct {
	net.Conn
	ahead []byte
}

// Ahead returns a connection that reads ahead first, for servers that want to
// see a connection from its beginning (net/http).
func Ahead(conn net.Conn, ahead []byte) net.Conn {
	return &aheadConn{Conn: conn, ahead: ahead}
}

// Read gives the bytes read ahead, then those of the connection.
func (c *aheadConn) Read(b []byte) (int, error) {
	if len(c.ahead) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.ahead)
	c.ahead = c.ahead[n:]
	return n, nil
}
