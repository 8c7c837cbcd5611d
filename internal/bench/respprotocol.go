package bench

import (
	"bytes"
	"fmt"
	"strings"
)

// respCommand appends a command as an array of bulk strings.
func respCommand(dst []byte, words ...[]byte) []byte {
	dst = fmt.Appendf(dst, "*%d\r\n", len(words))
	for _, w := range words {
		dst = fmt.Appendf(dst, "$%d\r\n%s\r\n", len(w), w)
	}
	return dst
}

// respRequest encodes the requests of RESP.
func (o *Options) respRequest(k kind, keys, values [][]byte) []byte {
	var words [][]byte
	switch k {
	case kindGet:
		words = commandWords(o.GetCommand)
	case kindSet:
		words = commandWords(o.SetCommand)
	case kindPutAll:
		words = commandWords("MSET")
	case kindGetAll:
		words = commandWords("MGET")
	case kindLock, kindUnlock: // refused by Validate
	}
	for i := range keys {
		words = append(words, keys[i])
		if k == kindSet || k == kindPutAll {
			words = append(words, values[i])
		}
	}
	return respCommand(nil, words...)
}

func commandWords(command string) [][]byte { return bytes.Fields([]byte(command)) }

// respDialect speaks the protocol of Redis, pipelined: answers come in the order of the requests.
type respDialect struct {
	templates *templates
	shape     shape
	out       fifo
}

func (d *respDialect) append(dst []byte, number int, s *slot) []byte {
	d.out.push(number)
	dst, _ = d.templates[s.kind].append(dst, s.keys)
	return dst
}

func (d *respDialect) cut(in []byte, slots []slot) (answer, error) {
	if len(in) == 0 {
		return answer{}, nil
	}
	a := answer{slot: d.out.first()}
	if a.slot < 0 {
		return answer{}, fmt.Errorf("%w: answer that nobody asked for", errStream)
	}
	s := &slots[a.slot]
	var err error
	if in[0] == '*' {
		err = d.cutArray(in, s, &a)
	} else {
		var v respValue
		if v, err = cutRESP(in); err == nil {
			a.size = v.size
			d.judge(v, s, s.keys[0], &a)
		}
	}
	if err != nil || a.size == 0 {
		return answer{}, err
	}
	d.out.pop()
	return a, nil
}

// cutArray takes an array of values, which only a read of many has for an answer.
func (d *respDialect) cutArray(in []byte, s *slot, a *answer) error {
	head, err := cutRESP(in)
	if err != nil || head.size == 0 {
		return err
	}
	if s.kind != kindGetAll || head.length != len(s.keys) {
		return fmt.Errorf("%w: array of %d as the answer of %s", errStream, head.length, s.kind)
	}
	at := head.size
	for i := range head.length {
		v, err := cutRESP(in[at:])
		if err != nil || v.size == 0 {
			return err
		}
		at += v.size
		d.judge(v, s, s.keys[i], a)
	}
	a.size = at
	return nil
}

// judge looks at one value.
func (d *respDialect) judge(v respValue, s *slot, key uint32, a *answer) {
	switch {
	case v.kind == '-':
		a.verdict, a.reason = failed, errorWord(v.bytes)
	case s.kind == kindSet || s.kind == kindPutAll:
		if v.kind != '+' {
			a.verdict, a.reason = failed, "answer of another type"
		}
	case v.kind != '$':
		a.verdict, a.reason = failed, "answer of another type"
	case v.bytes == nil:
		a.misses++
	case !d.shape.holds(v.bytes, key):
		a.verdict, a.reason = failed, wrongValue
	}
}

// errorWord is the first word of an error, which says its kind.
func errorWord(text []byte) string {
	word, _, _ := strings.Cut(string(text), " ")
	return word
}

// A respValue is one value of an answer; an array only has its head.
type respValue struct {
	size   int // bytes on the wire; 0 if it is not whole
	kind   byte
	length int    // of an array
	bytes  []byte // of a bulk string, nil for null; of the other kinds the line
}

// maxRESPLine bounds a line, which is a status, a number or an error.
const maxRESPLine = 64 << 10

// cutRESP takes the first value off in.
func cutRESP(in []byte) (respValue, error) {
	end := bytes.IndexByte(in[:min(len(in), maxRESPLine)], '\n')
	switch {
	case end < 0 && len(in) >= maxRESPLine:
		return respValue{}, fmt.Errorf("%w: line of over %d bytes", errStream, maxRESPLine)
	case end < 0:
		return respValue{}, nil
	case end < 2 || in[end-1] != '\r':
		return respValue{}, fmt.Errorf("%w: line without a carriage return", errStream)
	}
	v := respValue{kind: in[0], size: end + 1, bytes: in[1 : end-1]}
	switch v.kind {
	case '+', '-', ':':
		return v, nil
	case '$', '*':
	default:
		return respValue{}, fmt.Errorf("%w: answer begins with %q", errStream, v.kind)
	}
	n, ok := respLength(v.bytes)
	if !ok || n > maxAnswer {
		return respValue{}, fmt.Errorf("%w: length %q", errStream, v.bytes[:min(len(v.bytes), 20)])
	}
	v.bytes, v.length = nil, n
	if v.kind == '*' || n < 0 {
		return v, nil
	}
	if len(in) < v.size+n+2 {
		return respValue{}, nil
	}
	v.bytes = in[v.size : v.size+n : v.size+n]
	v.size += n + 2
	return v, nil
}

// respLength reads a length; -1 is null.
func respLength(digits []byte) (int, bool) {
	if len(digits) > 0 && len(digits) <= 9 && digits[0] != '-' {
		n, ok := number(digits)
		return int(n), ok
	}
	return -1, string(digits) == "-1"
}

// respAuth is the command that lets a client in.
func (o *Options) respAuth() []byte {
	words := [][]byte{[]byte("AUTH")}
	if o.Username != "" {
		words = append(words, []byte(o.Username))
	}
	return respCommand(nil, append(words, []byte(o.Password))...)
}
