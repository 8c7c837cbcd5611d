package admin

import (
	"net/http"
)

// clientsPath is where a member that was told to shows its clients. It is a
// debugging aid: no message of the client protocol tells who is connected.
const clientsPath = "/filbert/debug/clients"

// A Client is one connected client as it described itself at authentication
// and in its statistics.
type Client struct {
	UUID   string   `json:"uuid"`
	Name   string   `json:"name"`
	Type   string   `json:"type"` // three letters: GOO, NJS, PYH, …
	Labels []string `json:"labels"`
	// Attributes is the text of the client's last statistics: key=value pairs
	// separated by commas.
	Attributes string `json:"attributes"`
	// Metrics is the compressed blob of the same message; base64 in JSON.
	Metrics []byte `json:"metrics"`
}

// A ClientSource tells which clients are connected to this member. Clients is
// called once for each request, from any goroutine; the caller keeps the slice.
type ClientSource interface {
	Clients() []Client
}

// clientsHandler answers clientsPath.
func clientsHandler(source ClientSource) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		clients := source.Clients()
		if clients == nil {
			clients = []Client{} // [] and not null
		}
		for i := range clients {
			if clients[i].Labels == nil {
				clients[i].Labels = []string{}
			}
		}
		writeJSON(w, clients)
	}
}
