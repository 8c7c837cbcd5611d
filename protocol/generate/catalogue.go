package main

// catalogue is everything that the committed files say.
type catalogue struct {
	services []*service    // by id
	types    []*customType // as they stand in the file
	byType   map[string]*customType
}

// service is a group of methods with an id of its own.
type service struct {
	name    string
	id      int
	methods []*method
}

// method is one request with its response and the events that may follow it.
type method struct {
	service   *service
	name      string
	id        int
	since     string
	partition string
	retryable bool
	request   *message
	response  *message
	events    []*message
}

// message is one frame sequence: a request, a response or an event.
type message struct {
	method *method
	kind   string // "Request", "Response" or "Event"
	event  string // the event's name in the catalogue
	id     int    // the message type on the wire
	since  string
	params []*param
}

// customType is a structure that occurs in messages.
type customType struct {
	name   string
	since  string
	params []*param
}

// param is one field of a message or structure.
type param struct {
	name     string
	typ      string
	nullable bool
	since    string
	newer    bool // came after the message or structure itself, so older senders leave it out
}

// messages returns every message of the method: request, response, events.
func (m *method) messages() []*message {
	return append([]*message{m.request, m.response}, m.events...)
}

// label is the name that people use: "Map.put".
func (m *method) label() string { return m.service.name + "." + m.name }

// label is the name of the message in errors and comments: "Map.put request".
func (m *message) label() string {
	switch m.kind {
	case "Request":
		return m.method.label() + " request"
	case "Response":
		return m.method.label() + " response"
	}
	return m.method.label() + " event " + m.event
}

// split separates the fixed-size fields, which stand in the first frame, from those that have frames of their own.
func split(params []*param) (fixed, framed []*param) {
	for _, p := range params {
		if fixedSize(p.typ) > 0 {
			fixed = append(fixed, p)
		} else {
			framed = append(framed, p)
		}
	}
	return fixed, framed
}
