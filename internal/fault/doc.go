// Package fault is the table of every error that a client can see.
//
// The protocol knows an error by a number; Java clients also look at the class name. Inside Filbert it is a Go
// sentinel: code declares nothing of its own, it returns `fmt.Errorf("%w: …", fault.ErrWrongTarget)`, and at the
// door CodeOf turns the error into number and class again. An error that carries no sentinel reaches the client as
// a HazelcastException, so forgetting one is visible but harmless.
//
// The numbers are those of protocol 2.x (ClientProtocolErrorCodes) and never change; 500 to 600 belong to Jet and
// 1000 upwards to applications. Retryable is a property of the class: clients send a request again by themselves
// after such an error, so it may only be answered when the operation was not carried out.
package fault
