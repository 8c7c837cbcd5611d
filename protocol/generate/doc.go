// Command generate writes the codecs of internal/protocol, and docs/compatibility.md, from the catalogue.
//
// It is run by `go generate ./internal/protocol` and reads nothing but the committed catalogue: protocol/catalogue/*.txt
// (its syntax stands in protocol/README.md) and protocol/served.txt, the list of messages that a member answers. Steps:
//
//  1. parse.go reads the catalogue into the model of catalogue.go and checks it: ids are unique, every type is known,
//     newer parameters stand behind older ones of the same size class.
//  2. types.go says of each type of the catalogue what it is in Go and which hand-written function of internal/protocol
//     reads and writes it.
//  3. structs.go, decode.go and encode.go write a message's struct and its two functions; service.go puts a service's
//     file together, table.go the table of all messages, checks.go the table that the tests run over, compat.go the
//     page for readers.
//
// The output depends on the catalogue alone, so generating twice changes nothing; a test holds this.
package main
